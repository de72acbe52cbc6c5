-- The older SESSION merges sessions that a row in between joins.
CREATE TABLE events (
  id INT,
  k STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bridge.json', 'format' = 'json');

SELECT SESSION_START(`at`, INTERVAL '5' SECOND) AS ws, SESSION_END(`at`, INTERVAL '5' SECOND) AS we, k, COUNT(*) AS c
FROM events
GROUP BY SESSION(`at`, INTERVAL '5' SECOND), k;

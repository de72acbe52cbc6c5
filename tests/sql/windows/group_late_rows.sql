-- The older TUMBLE drops late rows too.
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT TUMBLE_START(`at`, INTERVAL '10' SECOND) AS ws, COUNT(*) AS c, SUM(v) AS v
FROM events
GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND);

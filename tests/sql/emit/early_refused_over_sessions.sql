-- Sessions are told at their end only.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT SESSION_START(`at`, INTERVAL '5' SECOND) AS ws, SESSION_END(`at`, INTERVAL '5' SECOND) AS we, k, COUNT(*) AS c, SUM(v) AS v, MAX(id) AS last
FROM events
GROUP BY SESSION(`at`, INTERVAL '5' SECOND), k;

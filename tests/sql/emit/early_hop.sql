-- Each of several windows of a row is told before it ends.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 ms';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT HOP_START(`at`, INTERVAL '5' SECOND, INTERVAL '15' SECOND) AS ws, COUNT(*) AS c, SUM(v) AS v, COUNT(DISTINCT k) AS ks
FROM events
GROUP BY HOP(`at`, INTERVAL '5' SECOND, INTERVAL '15' SECOND);

-- What is later than is allowed is dropped.
SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '3 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT TUMBLE_START(`at`, INTERVAL '10' SECOND) AS ws, TUMBLE_END(`at`, INTERVAL '10' SECOND) AS we, k, COUNT(*) AS c, SUM(v) AS v, MAX(id) AS last
FROM events
GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND), k;

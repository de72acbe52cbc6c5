-- A window that computes nothing is told early all the same.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT k, TUMBLE_END(`at`, INTERVAL '10' SECOND) AS we
FROM events
GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND), k;

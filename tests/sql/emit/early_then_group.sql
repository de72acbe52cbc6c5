-- A grouping over results that change takes back what it was told.
SET 'table.exec.emit.early-fire.enabled' = 'true';
SET 'table.exec.emit.early-fire.delay' = '0 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT c, COUNT(*) AS windows, SUM(v) AS v
FROM (
  SELECT k, COUNT(*) AS c, SUM(v) AS v FROM events GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND), k
)
GROUP BY c;

-- Corrections come late to a window over the results.
SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '20 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT TUMBLE_START(t, INTERVAL '20' SECOND) AS ws, COUNT(*) AS c, SUM(v) AS v
FROM (
  SELECT TUMBLE_ROWTIME(`at`, INTERVAL '10' SECOND) AS t, k, SUM(v) AS v
  FROM events GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND), k
)
GROUP BY TUMBLE(t, INTERVAL '20' SECOND);

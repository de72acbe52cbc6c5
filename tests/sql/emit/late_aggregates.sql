-- Aggregates of many kinds are corrected.
SET 'table.exec.emit.late-fire.enabled' = 'true';
SET 'table.exec.emit.late-fire.delay' = '0 s';
SET 'table.exec.emit.allow-lateness' = '30 s';
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT TUMBLE_START(`at`, INTERVAL '10' SECOND) AS ws, MIN(v) AS low, MAX(v) AS high, AVG(v) AS mean, LAST_VALUE(id) AS last, LISTAGG(k) AS ks, COUNT(*) FILTER (WHERE v > 5) AS more
FROM events
GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND);

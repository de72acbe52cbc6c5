-- Aggregates skip NULLs, and are NULL over nothing but NULLs; COUNT is then 0.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT
  window_start, k, COUNT(*) AS c, COUNT(n) AS cn, SUM(n) AS sn, AVG(n) AS an, MIN(n) AS mn, MAX(d) AS md, AVG(d) AS ad,
  COUNT(DISTINCT s) AS ds, MAX(s) AS ms
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, k;

-- FIRST_VALUE and LAST_VALUE where the first or last value is NULL.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT window_start, k, FIRST_VALUE(n) AS first_n, LAST_VALUE(n) AS last_n, FIRST_VALUE(d) AS first_d, LAST_VALUE(s) AS last_s
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, k;

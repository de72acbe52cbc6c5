-- LISTAGG, FIRST_VALUE and LAST_VALUE follow arrival order and skip NULLs.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT window_start, LISTAGG(k) AS ks, LISTAGG(s, '|') AS ss, FIRST_VALUE(n) AS first_n, LAST_VALUE(n) AS last_n, LAST_VALUE(s) AS last_s
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

-- With a bounded frame only a row behind those worked off is dropped.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY `at` ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS total FROM rows_in;
SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY `at` RANGE BETWEEN INTERVAL '20' SECOND PRECEDING AND CURRENT ROW) AS total FROM rows_in;

-- NULLs among the values and the keys.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(10, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT id, k, SUM(n) OVER (PARTITION BY k ORDER BY `at`) AS total, COUNT(n) OVER (PARTITION BY k ORDER BY `at`) AS c,
  AVG(d) OVER (PARTITION BY k ORDER BY `at`) AS a FROM rows_in;
SELECT id, SUM(n) OVER (ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS total, MAX(n) OVER (ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS most FROM rows_in;

-- ROWS counts rows one by one.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/disorder.json', 'format' = 'json');

SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total FROM rows_in;
SELECT id, MIN(v) OVER (ORDER BY `at` ROWS UNBOUNDED PRECEDING) AS least FROM rows_in;

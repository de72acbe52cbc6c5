-- A row behind the watermark is dropped.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY `at`) AS total FROM rows_in;
SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY `at` ROWS UNBOUNDED PRECEDING) AS total FROM rows_in;

-- NULL is a key as any other.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(10, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT id, k FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY `at` DESC) AS rn FROM rows_in
) WHERE rn = 1;
SELECT id, k, n FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k, n ORDER BY `at`) AS rn FROM rows_in
) WHERE rn = 1;

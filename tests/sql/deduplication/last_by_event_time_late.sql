-- A row that is late still counts for the last.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT id, k, v FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY `at` DESC) AS rn FROM rows_in
) WHERE rn = 1;
SELECT id, v FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY v > 40, k ORDER BY `at` DESC) AS rn FROM rows_in
) WHERE rn = 1;

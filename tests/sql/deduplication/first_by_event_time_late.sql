-- A row that is late does not become the first any more.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT id, k, v FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY `at` ASC) AS rn FROM rows_in
) WHERE rn = 1;
SELECT id, v FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY v > 10 ORDER BY `at` ASC) AS rn FROM rows_in
) WHERE rn = 1;

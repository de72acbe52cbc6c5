-- NULLs are low: first where the order ascends, last where it descends, unless it says otherwise.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(10, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT k, id, n, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n) AS rn FROM rows_in
) WHERE rn <= 2;
SELECT id, n, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY n DESC, id DESC) AS rn FROM rows_in
) WHERE rn <= 5;
SELECT id, d, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY d NULLS LAST, id) AS rn FROM rows_in
) WHERE rn <= 4;
SELECT id, d, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY d DESC NULLS FIRST, id) AS rn FROM rows_in
) WHERE rn <= 5;
SELECT id, s, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY s, id DESC) AS rn FROM rows_in
) WHERE rn <= 6;

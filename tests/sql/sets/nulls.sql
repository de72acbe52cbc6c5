-- NULL is like NULL.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(10, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT k FROM rows_in UNION SELECT s FROM rows_in;
SELECT k FROM rows_in INTERSECT SELECT s FROM rows_in;
SELECT s FROM rows_in EXCEPT SELECT k FROM rows_in;
SELECT k FROM rows_in INTERSECT ALL SELECT s FROM rows_in;
SELECT s FROM rows_in EXCEPT ALL SELECT k FROM rows_in;

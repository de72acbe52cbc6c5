-- Rows in the order of event time, those of one time by further keys.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/disorder.json', 'format' = 'json');

SELECT id, v, `at` FROM rows_in ORDER BY `at`;
SELECT id, v FROM rows_in ORDER BY `at`, v DESC;
SELECT v FROM rows_in ORDER BY `at` ASC;

-- A row older than what was sent is dropped.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT id, k, v FROM rows_in ORDER BY `at`;

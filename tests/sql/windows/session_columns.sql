-- SESSION alone adds the bounds of the final session to every row.
CREATE TABLE clicks (
  id INT,
  `user` STRING,
  page STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json');

SELECT id, `user`, window_start, window_end, window_time
FROM TABLE(SESSION(TABLE clicks PARTITION BY `user`, DESCRIPTOR(`at`), INTERVAL '5' SECOND));

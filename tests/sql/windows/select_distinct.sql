-- SELECT DISTINCT over the columns of windows.
CREATE TABLE clicks (
  id INT,
  `user` STRING,
  page STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json');

SELECT DISTINCT window_start, window_end, page FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(`at`), INTERVAL '10' SECOND));
SELECT DISTINCT page, window_start, window_end FROM TABLE(HOP(TABLE clicks, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) WHERE id < 6;
SELECT DISTINCT window_start, window_end, `user` FROM TABLE(SESSION(TABLE clicks PARTITION BY `user`, DESCRIPTOR(`at`), INTERVAL '5' SECOND));

-- Sessions per user close after the gap; NULL is a user too.
CREATE TABLE clicks (
  id INT,
  `user` STRING,
  page STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json');

SELECT window_start, window_end, `user`, COUNT(*) AS clicks, COUNT(DISTINCT page) AS pages
FROM TABLE(SESSION(TABLE clicks PARTITION BY `user`, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, `user`;

-- Sessions per pair of keys, grouped by both.
CREATE TABLE clicks (
  id INT,
  `user` STRING,
  page STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json');

SELECT window_start, window_end, `user`, page, COUNT(*) AS clicks
FROM TABLE(SESSION(TABLE clicks PARTITION BY (`user`, page), DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, `user`, page;

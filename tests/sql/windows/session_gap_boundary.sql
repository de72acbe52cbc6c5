-- A row exactly one gap after the last one still joins the session.
CREATE TABLE clicks (
  id INT,
  `user` STRING,
  page STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json');

SELECT window_start, window_end, `user`, COUNT(*) AS clicks
FROM TABLE(SESSION(TABLE clicks PARTITION BY `user`, DESCRIPTOR(`at`), INTERVAL '4' SECOND))
GROUP BY window_start, window_end, `user`;

-- SESSION takes its arguments by name, with the partition on the table.
CREATE TABLE clicks (
  id INT,
  `user` STRING,
  page STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json');

SELECT window_start, window_end, `user`, COUNT(*) AS clicks
FROM TABLE(SESSION(DATA => TABLE clicks PARTITION BY `user`, TIMECOL => DESCRIPTOR(`at`), GAP => INTERVAL '10' SECOND))
GROUP BY window_start, window_end, `user`;

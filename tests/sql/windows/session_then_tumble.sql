-- Sessions cascade into tumbling windows by window_time.
CREATE TABLE clicks (
  id INT,
  `user` STRING,
  page STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/clicks.json', 'format' = 'json');

CREATE VIEW sessions AS
SELECT `user`, window_time AS closed, COUNT(*) AS clicks
FROM TABLE(SESSION(TABLE clicks PARTITION BY `user`, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, window_time, `user`;
SELECT window_start, window_end, COUNT(*) AS sessions, SUM(clicks) AS clicks
FROM TABLE(TUMBLE(TABLE sessions, DESCRIPTOR(closed), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;

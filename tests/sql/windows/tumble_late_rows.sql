-- Rows behind the watermark are dropped once their window has been given.
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT window_start, k, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, k;

-- Rows out of order within the watermark's delay all count.
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/disorder.json', 'format' = 'json');

SELECT window_start, k, COUNT(*) AS c, SUM(v) AS v, FIRST_VALUE(v) AS first_seen, LAST_VALUE(v) AS last_seen
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, k;

-- A window is given when the watermark reaches its last millisecond, no earlier.
CREATE TABLE events (
  id INT,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/boundary.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

-- Merging sessions merges their distinct values, averages and filters too.
CREATE TABLE events (
  id INT,
  k STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bridge.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(DISTINCT k) AS ks, AVG(id) AS mean, COUNT(*) FILTER (WHERE k = 'a') AS a_rows
FROM TABLE(SESSION(TABLE events, DESCRIPTOR(`at`), INTERVAL '4' SECOND))
GROUP BY window_start, window_end;

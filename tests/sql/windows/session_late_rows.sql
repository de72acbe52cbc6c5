-- A late row is dropped unless it touches a session that is still open.
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT window_start, window_end, k, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(SESSION(TABLE events PARTITION BY k, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, k;

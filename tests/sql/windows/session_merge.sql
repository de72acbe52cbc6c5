-- A row that arrives late joins two sessions into one.
CREATE TABLE events (
  id INT,
  k STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '10' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bridge.json', 'format' = 'json');

SELECT window_start, window_end, k, COUNT(*) AS c, MIN(id) AS lowest, MAX(id) AS highest
FROM TABLE(SESSION(TABLE events PARTITION BY k, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, k;

-- A delay of a millisecond lets a row at the very end of a window in.
CREATE TABLE events (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at` - INTERVAL '0.001' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/disorder.json', 'format' = 'json');
SELECT window_start, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

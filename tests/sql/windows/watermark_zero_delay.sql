-- Without a delay every step back in time is late once it crosses a window.
CREATE TABLE events (id INT, k STRING, v INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`)
WITH ('connector' = 'filesystem', 'path' = '${data}/disorder.json', 'format' = 'json');
SELECT window_start, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

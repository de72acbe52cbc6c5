-- A row whose event time is NULL fails the job.
CREATE TABLE events (id INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`)
WITH ('connector' = 'filesystem', 'path' = '${data}/null_time.json', 'format' = 'json');
SELECT window_start, COUNT(*) AS c
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

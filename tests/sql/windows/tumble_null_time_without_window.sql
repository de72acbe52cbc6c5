-- A NULL event time fails the job even where no window is asked for.
CREATE TABLE events (id INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`)
WITH ('connector' = 'filesystem', 'path' = '${data}/null_time.json', 'format' = 'json');
SELECT id, `at` FROM events;

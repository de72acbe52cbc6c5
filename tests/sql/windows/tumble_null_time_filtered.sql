-- Whether a WHERE over the event time removes NULLs before the watermark is assigned.
CREATE TABLE events (id INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`)
WITH ('connector' = 'filesystem', 'path' = '${data}/null_time.json', 'format' = 'json');
SELECT id, `at` FROM events WHERE `at` IS NOT NULL;

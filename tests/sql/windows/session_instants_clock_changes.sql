-- Whether the gap of a session is measured on the clock or in elapsed time, where the two differ.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE events (id INT, v INT, `at` TIMESTAMP_LTZ(3), WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/clock_changes.json', 'format' = 'json');
SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(SESSION(TABLE events, DESCRIPTOR(`at`), INTERVAL '30' MINUTE))
GROUP BY window_start, window_end;

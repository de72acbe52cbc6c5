-- Days in Berlin around the change to summer time: that day has 23 hours.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE events (
  id INT,
  v INT,
  `at` TIMESTAMP_LTZ(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/instants.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '1' DAY))
GROUP BY window_start, window_end;
SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '1' HOUR))
GROUP BY window_start, window_end;

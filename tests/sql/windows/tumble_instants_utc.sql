-- Windows over TIMESTAMP_LTZ in UTC; window_time keeps the zone, the bounds do not.
CREATE TABLE events (
  id INT,
  v INT,
  `at` TIMESTAMP_LTZ(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/instants.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '1' DAY))
GROUP BY window_start, window_end;
SELECT id, `at`, window_start, window_end, window_time
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '1' HOUR));

-- The older TUMBLE over TIMESTAMP_LTZ in a zone that changes to summer time.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE events (
  id INT,
  v INT,
  `at` TIMESTAMP_LTZ(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/instants.json', 'format' = 'json');

SELECT TUMBLE_START(`at`, INTERVAL '1' DAY) AS ws, TUMBLE_END(`at`, INTERVAL '1' DAY) AS we, TUMBLE_ROWTIME(`at`, INTERVAL '1' DAY) AS wt, SUM(v) AS v
FROM events
GROUP BY TUMBLE(`at`, INTERVAL '1' DAY);

-- The event time is computed from milliseconds, from text, and as an instant.
CREATE TABLE events (
  id INT, v INT, ms BIGINT, text STRING,
  `at` AS TO_TIMESTAMP_LTZ(ms, 3),
  WATERMARK FOR `at` AS `at`
) WITH ('connector' = 'filesystem', 'path' = '${data}/epochs.json', 'format' = 'json');
CREATE TABLE by_text (
  id INT, v INT, text STRING,
  `at` AS TO_TIMESTAMP(text, 'yyyy/MM/dd HH-mm-ss'),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/epochs.json', 'format' = 'json');
SELECT window_start, window_end, SUM(v) AS v FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT window_start, window_end, SUM(v) AS v FROM TABLE(TUMBLE(TABLE by_text, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
SELECT id, `at` FROM events;
SELECT id, `at` FROM by_text;

-- No rows, no windows: not even a global aggregate gives one.
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/empty.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS c
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
SELECT window_start, k, SUM(v) AS v
FROM TABLE(HOP(TABLE events, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
GROUP BY window_start, window_end, k;
SELECT id FROM events;

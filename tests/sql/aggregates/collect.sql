-- COLLECT counts how often it holds each value.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT window_start, COLLECT(k) AS ks, COLLECT(s) AS ss
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
SELECT id / 4 AS part, COLLECT(k) AS ks, COLLECT(DISTINCT s) AS ss FROM events GROUP BY id / 4;
SELECT COLLECT(k) AS ks FROM events WHERE id > 100;
SELECT TYPEOF(COLLECT(n)) AS t, TYPEOF(COLLECT(k)) AS u FROM events;

-- ARRAY_AGG keeps NULLs unless they are ignored, and gives NULL for no rows.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT window_start, ARRAY_AGG(n) AS ns, ARRAY_AGG(s) AS ss, ARRAY_AGG(d) AS ds, ARRAY_AGG(n) FILTER (WHERE n > 100) AS none_
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
SELECT window_start, ARRAY_SORT(ARRAY_AGG(DISTINCT s)) AS ss, ARRAY_SORT(ARRAY_AGG(DISTINCT k)) AS ks, ARRAY_SORT(ARRAY_AGG(DISTINCT n)) AS ns
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
SELECT id / 4 AS part, ARRAY_AGG(n) AS ns FROM events GROUP BY id / 4;
SELECT ARRAY_AGG(n) AS ns FROM events WHERE id > 100;
SELECT TYPEOF(ARRAY_AGG(n)) AS t FROM events;

-- ARRAY_AGG of rows, arrays and maps.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT id / 4 AS part, ARRAY_AGG(ROW(id, s)) AS pairs, ARRAY_AGG(ARRAY[n, id]) AS arrays FROM events GROUP BY id / 4;
SELECT window_start, ARRAY_AGG(ROW(n, s)) AS pairs
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

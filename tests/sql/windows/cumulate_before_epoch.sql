-- Cumulating windows across 1970.
CREATE TABLE events (
  id INT,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/old.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(CUMULATE(TABLE events, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '15' SECOND))
GROUP BY window_start, window_end;

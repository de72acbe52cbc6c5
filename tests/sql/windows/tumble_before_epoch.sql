-- Windows before 1970 round down as those after it do.
CREATE TABLE events (
  id INT,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/old.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '7' SECOND, INTERVAL '3' SECOND))
GROUP BY window_start, window_end;

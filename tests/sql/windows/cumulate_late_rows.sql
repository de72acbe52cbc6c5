-- A late row still counts in the later steps of its cumulating window.
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(CUMULATE(TABLE events, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '20' SECOND))
GROUP BY window_start, window_end;

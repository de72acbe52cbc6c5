-- A watermark expression that is NULL for a row leaves the watermark where it is.
CREATE TABLE events (
  id INT, k STRING, v INT, `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS CASE WHEN k = 'b' THEN CAST(NULL AS TIMESTAMP(3)) ELSE `at` END
) WITH ('connector' = 'filesystem', 'path' = '${data}/disorder.json', 'format' = 'json');
SELECT window_start, COUNT(*) AS c, SUM(v) AS v
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

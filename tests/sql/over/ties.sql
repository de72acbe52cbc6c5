-- Rows of one time: RANGE takes all of them, ROWS one after the other.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  minute_at AS CAST(DATE_FORMAT(`at`, 'yyyy-MM-dd HH:mm:00') AS TIMESTAMP(3)),
  WATERMARK FOR minute_at AS minute_at - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/disorder.json', 'format' = 'json');

SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY minute_at) AS total FROM rows_in;
SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY minute_at ROWS UNBOUNDED PRECEDING) AS total FROM rows_in;
SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY minute_at RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW) AS total FROM rows_in;

-- Of rows of one time the last that came is the last, the first that came the first.
CREATE TABLE rows_in (
  id INT,
  k STRING,
  s AS DATE_FORMAT(`at`, 'mm'),
  `at` TIMESTAMP(3),
  minute_at AS CAST(DATE_FORMAT(`at`, 'yyyy-MM-dd HH:mm:00') AS TIMESTAMP(3)),
  WATERMARK FOR minute_at AS minute_at - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/disorder.json', 'format' = 'json');

SELECT window_start, k, id FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY minute_at DESC) AS rn
  FROM TABLE(TUMBLE(TABLE rows_in, DESCRIPTOR(minute_at), INTERVAL '1' MINUTE))
) WHERE rn = 1;
SELECT window_start, k, id FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY minute_at) AS rn
  FROM TABLE(TUMBLE(TABLE rows_in, DESCRIPTOR(minute_at), INTERVAL '1' MINUTE))
) WHERE rn = 1;
SELECT k, id FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY minute_at DESC) AS rn FROM rows_in
) WHERE rn = 1;
SELECT k, id FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY minute_at) AS rn FROM rows_in
) WHERE rn = 1;

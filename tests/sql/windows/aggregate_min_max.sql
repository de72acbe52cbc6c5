-- MIN and MAX over text, dates, times, timestamps and booleans.
CREATE TABLE readings (
  id INT,
  t TINYINT,
  s SMALLINT,
  i INT,
  l BIGINT,
  f FLOAT,
  d DOUBLE,
  n DECIMAL(12, 2),
  b BOOLEAN,
  `day` DATE,
  clock TIME,
  word STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/readings.json', 'format' = 'json');

SELECT
  window_start, MIN(word) AS lw, MAX(word) AS hw, MIN(`day`) AS ld, MAX(`day`) AS hd, MIN(clock) AS lc, MAX(clock) AS hc,
  MIN(b) AS lb, MAX(b) AS hb
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

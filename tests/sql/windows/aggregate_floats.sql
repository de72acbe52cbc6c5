-- Doubles add up in arrival order, with the rounding that has.
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

SELECT window_start, SUM(d) AS sd, AVG(d) AS ad, AVG(f) AS af
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

-- Integer sums wrap around silently.
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

SELECT window_start, SUM(t) AS st, SUM(s) AS ss, SUM(i) AS si, SUM(l) AS sl, AVG(l) AS al, AVG(i) AS ai, AVG(t) AS avt
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
WHERE id < 3
GROUP BY window_start, window_end;

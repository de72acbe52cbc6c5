-- SUM, AVG, MIN and MAX over every numeric type keep or widen it.
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
  window_start, SUM(t) AS st, AVG(t) AS avt, SUM(s) AS ss, AVG(s) AS avs, AVG(i) AS ai, SUM(n) AS sn, AVG(n) AS an,
  SUM(d) AS sd, MIN(f) AS mf, MAX(f) AS xf, MIN(d) AS md
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
SELECT TYPEOF(SUM(t)), TYPEOF(SUM(i)), TYPEOF(SUM(l)), TYPEOF(SUM(n)), TYPEOF(AVG(n)), TYPEOF(AVG(i)), TYPEOF(AVG(f)), TYPEOF(SUM(d)), TYPEOF(COUNT(*)), TYPEOF(MAX(word))
FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`at`), INTERVAL '1' HOUR))
GROUP BY window_start, window_end;

-- Keys of many types.
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

SELECT b, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, b;
SELECT `day`, n, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, `day`, n;
SELECT d, f, clock, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE readings, DESCRIPTOR(`at`), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end, d, f, clock;
SELECT r, COUNT(*) AS c
FROM TABLE(TUMBLE((SELECT ROW(b, CHAR_LENGTH(word) > 4) AS r, `at` FROM readings), DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, r;

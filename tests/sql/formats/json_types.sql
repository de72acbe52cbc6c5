-- Every type from and to JSON.
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

CREATE TABLE copy LIKE readings;
ALTER TABLE copy SET ('path' = '${tmp}/copy');
INSERT INTO copy SELECT * FROM readings;
SELECT * FROM copy;

-- Integers and floats to decimals.
CREATE TABLE numbers (
  id INT,
  t TINYINT,
  s SMALLINT,
  i INT,
  l BIGINT,
  f FLOAT,
  d DOUBLE,
  n DECIMAL(10, 3),
  m DECIMAL(10, 2)
) WITH ('connector' = 'filesystem', 'path' = '${data}/numbers.json', 'format' = 'json');

SELECT id, CAST(i AS DECIMAL(10, 2)) AS i, CAST(t AS DECIMAL(3, 0)) AS t, TRY_CAST(l AS DECIMAL(10, 0)) AS l, CAST(f AS DECIMAL(10, 3)) AS f, CAST(d AS DECIMAL(20, 5)) AS d FROM numbers;

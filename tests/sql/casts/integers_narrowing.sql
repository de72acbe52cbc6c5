-- Integers to narrower integers wrap around.
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

SELECT id, CAST(s AS TINYINT) AS t, CAST(i AS SMALLINT) AS s, CAST(l AS INT) AS i, CAST(i AS TINYINT) AS it, CAST(t AS BIGINT) AS tl FROM numbers;

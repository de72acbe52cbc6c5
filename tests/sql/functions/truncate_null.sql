-- TRUNCATE of NULL decimals, doubles and integers.
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

SELECT id, TRUNCATE(i, -1) AS i_1, TRUNCATE(d, 1) AS d1, TRUNCATE(f, 0) AS f0 FROM numbers WHERE id = 6;
SELECT id, TRUNCATE(n, 1) AS n1 FROM numbers WHERE id = 6;
SELECT id, TRUNCATE(n) AS n0 FROM numbers WHERE id = 6;

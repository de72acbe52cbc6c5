-- ROUND goes half up, away from zero, to either side of the point.
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

SELECT id, ROUND(n) AS n0, ROUND(n, 1) AS n1, ROUND(n, -1) AS n_1, ROUND(d) AS d0, ROUND(d, 2) AS d2, ROUND(i, -1) AS i_1, ROUND(f, 1) AS f1, ROUND(t) AS t0 FROM numbers;
SELECT ROUND(2.5), ROUND(-2.5), ROUND(1.005, 2), ROUND(1.005e0, 2), ROUND(15, -1), ROUND(14, -2), ROUND(0.5e0), ROUND(1.45e0, 1), TYPEOF(ROUND(2.555, 1)), TYPEOF(ROUND(2.555)), TYPEOF(ROUND(5, -1));

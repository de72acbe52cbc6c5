-- MOD and % take the sign of the dividend.
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

SELECT id, MOD(i, 7) AS m, i % 7 AS p, MOD(l, -5) AS l5, MOD(n, 2) AS n2, MOD(t, s) AS ts FROM numbers WHERE id <> 3;
SELECT MOD(7, 3), MOD(-7, 3), MOD(7, -3), MOD(-7, -3), MOD(7.5, 2), -7.5 % 2;

-- ABS and SIGN keep their argument's type; the smallest integer has no positive.
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

SELECT id, ABS(t) AS t, ABS(i) AS i, ABS(l) AS l, ABS(n) AS n, ABS(d) AS d, SIGN(i) AS si, SIGN(n) AS sn, SIGN(d) AS sd, SIGN(f) AS sf FROM numbers;
SELECT TYPEOF(SIGN(2.5)), TYPEOF(SIGN(-1)), TYPEOF(ABS(2.5));

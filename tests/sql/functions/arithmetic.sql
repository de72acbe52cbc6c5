-- + - * / over every numeric type, with its wrap-around.
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

SELECT id, t + t AS tt, s + s AS ss, i + i AS ii, l + l AS ll, f + f AS ff, d + d AS dd, n + n AS nn FROM numbers;
SELECT id, t - s AS ts, i - l AS il, i * i AS ii, l * 2 AS l2, f * d AS fd, n * m AS nm, t * n AS tn FROM numbers;
SELECT id, -t AS nt, -i AS ni, -l AS nl, -n AS nn, -d AS nd, +i AS pi FROM numbers;

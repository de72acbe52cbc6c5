-- Comparisons between numeric types, with -0, and with NULL.
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

SELECT id, t < s AS ts, i = l AS il, n > f AS nf, d = 0 AS zero, m = i AS mi, i <> 3 AS ne, l >= 4 AS ge, d <= f AS le FROM numbers;
SELECT 1 = 1.0, 0.1 = 0.1e0, 1.50 = 1.5, CAST(0.1 AS FLOAT) = 0.1e0;

-- TYPEOF of columns, with and without nullability forced.
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

SELECT TYPEOF(id), TYPEOF(t), TYPEOF(n), TYPEOF(f), TYPEOF(ROW(1, 'a')), TYPEOF(ARRAY[1, 2]), TYPEOF(MAP['a', 1]), TYPEOF(CAST(NULL AS INT)), TYPEOF(id, TRUE), TYPEOF(ARRAY[1, CAST(NULL AS INT)]), TYPEOF(NULLIF(1, 1)) FROM numbers WHERE id = 1;

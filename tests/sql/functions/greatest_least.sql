-- GREATEST and LEAST are NULL with any NULL.
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

SELECT id, GREATEST(t, s, i) AS g, LEAST(t, s, i) AS l, GREATEST(n, 0.0) AS gn, GREATEST(d, f) AS gd FROM numbers;
SELECT GREATEST('a', 'b', 'B'), LEAST('a', 'b', 'B'), GREATEST(1, CAST(NULL AS INT)), LEAST(DATE '2024-01-01', DATE '2023-01-01'), TYPEOF(GREATEST(1, 2.5));

-- Floats and doubles become text as Java writes them.
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

SELECT id, CAST(f AS STRING) AS f, CAST(d AS STRING) AS d FROM numbers;
SELECT id, CAST(x AS STRING) AS s, CAST(CAST(x AS FLOAT) AS STRING) AS fs
FROM (VALUES (1, 1e0), (2, 1e7), (3, 1.0e-3), (4, 9.99e-4), (5, 12345678.9e0), (6, 1e21), (7, 0.1e0), (8, 1e-10), (9, 2e-3), (10, 123456789012345680e0), (11, 9999999e0)) AS t (id, x);

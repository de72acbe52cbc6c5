-- Booleans to and from numbers and texts.
SELECT id, CAST(b AS STRING) AS s, CAST(b AS INT) AS i, CAST(b AS DECIMAL(3, 1)) AS d, CAST(b AS DOUBLE) AS f FROM (VALUES (1, TRUE), (2, FALSE), (3, CAST(NULL AS BOOLEAN))) AS t (id, b);
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

SELECT id, CAST(i AS BOOLEAN) AS i, CAST(n AS BOOLEAN) AS n, CAST(d AS BOOLEAN) AS d, CAST(t AS BOOLEAN) AS t FROM numbers;

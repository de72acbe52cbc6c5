-- IN and NOT IN with NULLs in the list and on the left.
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

SELECT id, i IN (3, 100) AS a, i NOT IN (3, 100) AS b, i IN (3, CAST(NULL AS INT)) AS c, i NOT IN (3, CAST(NULL AS INT)) AS d, n IN (12.345, 2.5) AS e, t IN (1, 300) AS f FROM numbers;
SELECT id FROM (VALUES (1, 'a'), (2, 'b'), (3, CAST(NULL AS STRING))) AS t (id, s) WHERE s IN ('a', 'c', 'd', 'e', 'f');
SELECT id FROM (VALUES (1, 'a'), (2, 'b'), (3, CAST(NULL AS STRING))) AS t (id, s) WHERE s NOT IN ('a', 'c', 'd', 'e', 'f');

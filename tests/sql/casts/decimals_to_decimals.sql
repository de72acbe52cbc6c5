-- Decimals to other scales round half up; what does not fit is NULL.
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

SELECT id, CAST(n AS DECIMAL(10, 2)) AS n2, CAST(n AS DECIMAL(10, 0)) AS n0, TRY_CAST(n AS DECIMAL(4, 2)) AS n42, CAST(n AS DOUBLE) AS d, CAST(m AS FLOAT) AS f FROM numbers;
SELECT CAST(2.5 AS DECIMAL(1, 0)), CAST(-2.5 AS DECIMAL(1, 0)), CAST(1.005 AS DECIMAL(3, 2)), CAST(9.5 AS DECIMAL(2, 0));

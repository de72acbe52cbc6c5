-- Decimals to integers truncate.
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

SELECT id, CAST(n AS INT) AS i, CAST(n AS BIGINT) AS l, CAST(m AS SMALLINT) AS s, CAST(n AS TINYINT) AS t FROM numbers;

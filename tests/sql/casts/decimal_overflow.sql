-- CAST of a decimal that does not fit.
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

SELECT id, CAST(m AS DECIMAL(5, 2)) AS x FROM numbers;

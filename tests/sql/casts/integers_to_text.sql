-- Numbers to texts.
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

SELECT id, CAST(t AS STRING) AS t, CAST(i AS STRING) AS i, CAST(l AS STRING) AS l, CAST(n AS STRING) AS n, CAST(m AS STRING) AS m FROM numbers;

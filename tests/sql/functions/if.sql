-- IF takes its else branch for FALSE and NULL.
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

SELECT id, IF(i > 0, 'plus', 'rest') AS a, IF(i > 0, i, -1) AS b, IF(i > 0, t, l) AS widened, IF(i IS NULL, CAST(NULL AS STRING), 'some') AS c FROM numbers;

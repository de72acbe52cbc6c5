-- Floats to integers truncate and saturate, then wrap.
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

SELECT id, CAST(f AS INT) AS fi, CAST(d AS BIGINT) AS dl, CAST(d AS INT) AS di, CAST(d AS TINYINT) AS dt, CAST(f AS SMALLINT) AS fs FROM numbers;

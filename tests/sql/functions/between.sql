-- BETWEEN includes its bounds; SYMMETRIC sorts them.
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

SELECT id, i BETWEEN 0 AND 100 AS b, i BETWEEN 100 AND 0 AS backwards, i BETWEEN SYMMETRIC 100 AND 0 AS sym, i NOT BETWEEN -3 AND 3 AS n, n BETWEEN i AND l AS mixed FROM numbers;

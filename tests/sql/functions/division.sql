-- Integer division cuts towards zero; decimals round half up.
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

SELECT id, i / 2 AS i2, -7 / 2 AS m7, i / 7.0 AS i7, n / 7 AS n7, n / m AS nm, d / 3 AS d3, f / 3 AS f3 FROM numbers WHERE m <> 0 OR m IS NULL;
SELECT 7 / 2, -7 / 2, 7 / -2, 7.0 / 2, 1.0 / 3, 2.0 / 3, 10 / 4.0, 1e0 / 3;

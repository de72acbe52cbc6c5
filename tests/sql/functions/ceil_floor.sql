-- CEIL and FLOOR of numbers keep or narrow the type.
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

SELECT id, CEIL(n) AS cn, FLOOR(n) AS fn, CEIL(d) AS cd, FLOOR(d) AS fd, CEILING(i) AS ci, FLOOR(f) AS ff FROM numbers;
SELECT CEIL(-0.5), FLOOR(-0.5), CEIL(1.1e0), FLOOR(-1.1e0), TYPEOF(CEIL(1.55)), TYPEOF(FLOOR(1.5e0)), TYPEOF(CEIL(3));

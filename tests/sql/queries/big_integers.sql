-- Integers at the ends of their ranges go through unharmed.
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

SELECT id, t, s, i, l FROM numbers WHERE l > 9223372036854775806 OR l < -9223372036854775807 OR i IS NULL;

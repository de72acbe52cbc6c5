-- CASE with a value, with conditions, without ELSE, and with mixed types.
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

SELECT id,
  CASE i WHEN 3 THEN 'three' WHEN -3 THEN 'minus three' ELSE 'other' END AS by_value,
  CASE WHEN i > 0 THEN 'plus' WHEN i < 0 THEN 'minus' END AS by_condition,
  CASE WHEN i > 0 THEN t ELSE n END AS mixed,
  CASE WHEN i IS NULL THEN 0 ELSE i END AS filled
FROM numbers;
SELECT TYPEOF(CASE WHEN TRUE THEN 1 ELSE 2.5 END), TYPEOF(CASE WHEN TRUE THEN 'a' ELSE 'abc' END), CASE WHEN FALSE THEN 'a' ELSE 'abc' END, CASE CAST(NULL AS INT) WHEN NULL THEN 'x' ELSE 'y' END;

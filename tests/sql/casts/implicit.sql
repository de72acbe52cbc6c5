-- Where Flink converts by itself: comparisons, CASE and temporal literals.
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

SELECT id, i = 3.0 AS a, t + 1.5 AS b, CASE WHEN i > 0 THEN l ELSE f END AS c FROM numbers;
SELECT DATE '2024-02-29' = '2024-02-29', TIMESTAMP '2024-02-29 00:00:00' > '2024-02-28';

-- ARRAY_AGG without NULLs, written behind the value.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT id / 4 AS part, ARRAY_AGG(n IGNORE NULLS) AS ns, ARRAY_AGG(s RESPECT NULLS) AS ss FROM events GROUP BY id / 4;

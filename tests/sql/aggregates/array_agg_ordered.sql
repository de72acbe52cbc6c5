-- ARRAY_AGG with ORDER BY, which Flink does not heed: rows are in the order of their arrival.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT ARRAY_AGG(n ORDER BY id DESC) AS ns FROM events;

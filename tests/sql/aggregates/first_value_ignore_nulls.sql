-- FIRST_VALUE with a treatment of NULLs.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT FIRST_VALUE(n) IGNORE NULLS AS ns FROM events;

-- A condition that is NULL keeps no row.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT id FROM events WHERE n > 1;
SELECT id FROM events WHERE NOT n > 1;
SELECT id FROM events WHERE n <> 1 OR k IS NULL;
SELECT id FROM events WHERE k = NULL;

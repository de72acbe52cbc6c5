-- CASE within CASE, with NULLs on the way.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT id, CASE WHEN n IS NULL THEN CASE WHEN k IS NULL THEN 'neither' ELSE k END ELSE CASE n WHEN 1 THEN 'one' ELSE 'n' || CAST(n AS STRING) END END AS label FROM events;

-- Queries without windows keep late rows.
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT id, v * 2 AS v2 FROM events WHERE k = 'a';

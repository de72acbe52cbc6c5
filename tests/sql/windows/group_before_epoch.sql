-- The older windows before 1970.
CREATE TABLE events (
  id INT,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/old.json', 'format' = 'json');

SELECT TUMBLE_START(`at`, INTERVAL '10' SECOND) AS ws, SUM(v) AS v FROM events GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND);
SELECT HOP_START(`at`, INTERVAL '5' SECOND, INTERVAL '10' SECOND) AS ws, SUM(v) AS v FROM events GROUP BY HOP(`at`, INTERVAL '5' SECOND, INTERVAL '10' SECOND);

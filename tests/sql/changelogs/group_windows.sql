-- The older windows in GROUP BY over changes.
CREATE TABLE changes (
  id INT,
  k STRING,
  n INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/changes_at.json', 'format' = 'debezium-json');

SELECT TUMBLE_START(`at`, INTERVAL '10' SECOND) AS s, k, COUNT(*) AS c, SUM(n) AS total, MAX(n) AS most
FROM changes GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND), k;

-- Sessions over changes.
CREATE TABLE changes (
  id INT,
  k STRING,
  n INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/changes_at.json', 'format' = 'debezium-json');

SELECT window_start, window_end, k, COUNT(*) AS c, SUM(n) AS s, MAX(n) AS most
FROM TABLE(SESSION(TABLE changes PARTITION BY k, DESCRIPTOR(`at`), INTERVAL '5' SECOND))
GROUP BY window_start, window_end, k;

-- A window function alone passes changes on.
CREATE TABLE changes (
  id INT,
  k STRING,
  n INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/changes_at.json', 'format' = 'debezium-json');

SELECT id, n, window_start FROM TABLE(TUMBLE(TABLE changes, DESCRIPTOR(`at`), INTERVAL '10' SECOND));

-- A window function alone drops nothing, however late the row.
CREATE TABLE events (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/late.json', 'format' = 'json');

SELECT id, k, window_start, window_end, window_time
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND));

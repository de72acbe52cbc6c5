-- Windows over changes: what is taken back in time does not count, and a window left with nothing is not there.
CREATE TABLE changes (
  id INT,
  k STRING,
  n INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/changes_at.json', 'format' = 'debezium-json');

SELECT window_start, k, COUNT(*) AS c, SUM(n) AS s, MIN(n) AS least, MAX(n) AS most, LISTAGG(CAST(n AS STRING)) AS ns
FROM TABLE(TUMBLE(TABLE changes, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, k;
SELECT window_start, window_end, COUNT(*) AS c, COUNT(DISTINCT k) AS ks, MAX(n) AS most
FROM TABLE(HOP(TABLE changes, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

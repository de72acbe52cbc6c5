-- JSON_OBJECTAGG keeps NULLs unless they are to be absent.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT id / 4 AS part, JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE n) AS ns, JSON_OBJECTAGG(CAST(id AS STRING) VALUE s ABSENT ON NULL) AS ss FROM events GROUP BY id / 4;
SELECT window_start, JSON_OBJECTAGG(KEY 'k' || CAST(10 - id AS STRING) VALUE d NULL ON NULL) AS ds
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
SELECT JSON_OBJECTAGG(KEY s VALUE n) AS ns FROM events WHERE id > 100;
SELECT TYPEOF(JSON_OBJECTAGG(KEY s VALUE n)) AS t FROM events WHERE id = 1;

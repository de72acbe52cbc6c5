-- JSON_ARRAYAGG leaves NULLs out unless asked.
CREATE TABLE events (
  id INT,
  k STRING,
  n INT,
  d DECIMAL(6, 2),
  s STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/nulls.json', 'format' = 'json');

SELECT id / 4 AS part, JSON_ARRAYAGG(n) AS ns, JSON_ARRAYAGG(s) AS ss, JSON_ARRAYAGG(s NULL ON NULL) AS nss, JSON_ARRAYAGG(n ABSENT ON NULL) AS ans FROM events GROUP BY id / 4;
SELECT window_start, JSON_ARRAYAGG(d) AS ds, JSON_ARRAYAGG(n NULL ON NULL) AS ns
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
SELECT JSON_ARRAYAGG(n) AS ns FROM events WHERE id > 100;
SELECT TYPEOF(JSON_ARRAYAGG(n)) AS t FROM events;

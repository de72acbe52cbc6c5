-- Event times that are instants.
CREATE TABLE gauge (
  id INT,
  k STRING,
  v INT,
  `at` AS TO_TIMESTAMP_LTZ(id * 1000 + 1700000000000, 3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

SET 'table.local-time-zone' = 'Europe/Berlin';

SELECT *
FROM gauge
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.`at` AS a, MATCH_ROWTIME() AS m
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

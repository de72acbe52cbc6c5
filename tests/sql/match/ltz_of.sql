-- MATCH_ROWTIME of an instant is one.
CREATE TABLE gauge (
  id INT,
  k STRING,
  v INT,
  `at` AS TO_TIMESTAMP_LTZ(id * 1000 + 1700000000000, 3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

SET 'table.local-time-zone' = 'Europe/Berlin';

CREATE VIEW runs AS
SELECT *
FROM gauge
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, MATCH_ROWTIME(`at`) AS m, MATCH_ROWTIME() AS plain
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

DESCRIBE runs;

SELECT * FROM runs;

SELECT window_start, window_time, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE runs, DESCRIPTOR(m), INTERVAL '20' SECOND)) GROUP BY window_start, window_end, window_time;

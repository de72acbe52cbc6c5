-- MATCH_ROWTIME tells the time of a match, and windows go by it.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

CREATE VIEW runs AS
SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, B.v AS v, MATCH_ROWTIME() AS matched_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

DESCRIBE runs;

SELECT * FROM runs;

SELECT window_start, window_end, k, COUNT(*) AS n, MAX(v) AS best
FROM TABLE(TUMBLE(TABLE runs, DESCRIPTOR(matched_at), INTERVAL '20' SECOND))
GROUP BY window_start, window_end, k;

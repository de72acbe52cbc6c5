-- The time of a row in a match looks like a time attribute.
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
  MEASURES B.`at` AS b_at, B.v AS v
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

DESCRIBE runs;

SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE runs, DESCRIPTOR(b_at), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;

-- FIRST with an offset in a condition.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, LAST(B.id) AS b, C.id AS c
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B+ C)
  DEFINE B AS FIRST(B.v, 1) IS NULL OR FIRST(B.v, 1) > FIRST(B.v), C AS C.v > LAST(B.v, 1)
) AS T;

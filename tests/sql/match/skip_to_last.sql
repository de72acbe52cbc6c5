-- The next match begins at the last row of a later variable.
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
  MEASURES FIRST(A.id) AS a, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST B
  PATTERN (A+? B+ C)
  DEFINE B AS B.v > 2, C AS C.v < B.v
) AS T;

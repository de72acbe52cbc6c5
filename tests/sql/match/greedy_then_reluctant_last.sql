-- A reluctant range behind a greedy quantifier ends the pattern.
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
  MEASURES FIRST(A.id) AS a, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A+ B{0,2}?)
  DEFINE A AS A.v > 3, B AS B.v < 5
) AS T;

-- When such a match is told.
CREATE TABLE steps (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/waiting.json', 'format' = 'json');

SELECT *
FROM steps
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, LAST(B.id) AS b, C.id AS c, MATCH_ROWTIME() AS m
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B*? C) WITHIN INTERVAL '6' SECOND
  DEFINE A AS A.v > 3, C AS C.v > A.v
) AS T;

-- A match waits for one that began before it.
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
  MEASURES A.id AS a, LAST(B.id) AS b, C.id AS c, MATCH_ROWTIME() AS matched_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B* C)
  DEFINE A AS A.v > 3, B AS B.v < 5, C AS C.v > A.v
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, LAST(B.id) AS b, C.id AS c, MATCH_ROWTIME() AS matched_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B* C)
  DEFINE A AS A.v > 3, B AS B.v < 5, C AS C.v > A.v
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, LAST(B.id) AS b, C.id AS c, MATCH_ROWTIME() AS matched_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST C
  PATTERN (A B* C)
  DEFINE A AS A.v > 3, B AS B.v < 5, C AS C.v > A.v
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, LAST(B.id) AS b, C.id AS c, MATCH_ROWTIME() AS matched_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B*? C)
  DEFINE A AS A.v > 3, B AS B.v < 5, C AS C.v > A.v
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, LAST(B.id) AS b, C.id AS c, MATCH_ROWTIME() AS matched_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B{2,3} C)
  DEFINE A AS A.v > 3, B AS B.v < 5, C AS C.v > A.v
) AS T;

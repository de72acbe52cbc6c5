-- Patterns of several quantifiers, one after the other.
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
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+ B C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+? B C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B* C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B*? C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B+ C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B+? C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B? C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{2} B C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{2,} B C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{1,3} B C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{1,3}? B C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B{0,2}? C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B{2,}? C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+ B{0,2} C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{2}? B+? C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+ B+ C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES
    FIRST(A.id) AS a1, LAST(A.id) AS a2, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c, COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+? B+? C)
  DEFINE
    A AS A.v > 2,
    B AS B.v < 5,
    C AS C.v > 1
) AS T;

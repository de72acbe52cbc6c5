-- Aggregates in measures.
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
  ORDER BY `at`, id
  MEASURES COUNT(A.id) AS c, SUM(A.v) AS s, AVG(A.v) AS a, MIN(A.v) AS mi, MAX(A.v) AS ma, FIRST_VALUE(A.v) AS fv, LAST_VALUE(A.v) AS lv, SUM(A.v) + COUNT(B.id) AS m, SUM(v) AS whole
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A+ B)
  DEFINE A AS A.v > 2
) AS T;

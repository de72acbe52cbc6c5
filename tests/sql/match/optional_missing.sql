-- Measures of a variable that took no row are NULL, its count is zero.
CREATE TABLE trades (
  id INT,
  k STRING,
  price INT,
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/trades.json', 'format' = 'json');

SELECT *
FROM trades
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.id AS a, B.id AS b, C.id AS c, COUNT(B.id) AS n, SUM(B.price) AS s, MAX(B.price) AS m, FIRST(A.id, 1) AS missing
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B? C)
  DEFINE A AS A.price > 7, B AS B.price > 100
) AS T;

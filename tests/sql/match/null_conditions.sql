-- A condition that is NULL is not met.
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
  MEASURES A.id AS a, LAST(B.id) AS b, LAST(B.price) AS p, SUM(B.price) AS s, COUNT(B.price) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B* C)
  DEFINE A AS A.price > 7, B AS B.price <> 11
) AS T;

-- FINAL in measures says nothing new for one row per match.
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
  MEASURES
    FINAL LAST(B.id) AS f, FINAL FIRST(A.id) AS fa, FINAL A.id AS a, FINAL COUNT(B.id) AS n
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B+ C)
  DEFINE
    A AS A.price < 10,
    B AS B.price >= A.price
) AS T;

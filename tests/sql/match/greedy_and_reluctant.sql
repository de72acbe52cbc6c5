-- A greedy quantifier takes as many rows as it can, a reluctant one as few.
CREATE TABLE ticker (
  symbol STRING,
  price INT,
  tax INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/ticker_seconds.json', 'format' = 'json');

SELECT *
FROM ticker
MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY `at`
  MEASURES
    C.price AS last_price
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B* C)
  DEFINE
    A AS A.price > 10,
    B AS B.price < 15,
    C AS C.price > 12
) AS T;

SELECT *
FROM ticker
MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY `at`
  MEASURES
    C.price AS last_price
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B*? C)
  DEFINE
    A AS A.price > 10,
    B AS B.price < 15,
    C AS C.price > 12
) AS T;

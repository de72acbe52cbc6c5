-- NULLs in an order.
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
  ORDER BY `at`, price, quantity DESC
  MEASURES A.id AS a, B.id AS b
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B)
  DEFINE A AS TRUE
) AS T;

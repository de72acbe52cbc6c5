-- Without PARTITION BY all rows are one sequence.
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
  ORDER BY `at`
  MEASURES A.id AS a, B.id AS b, C.id AS c
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B C)
  DEFINE A AS A.price > 5, B AS B.price <= A.price
) AS T;

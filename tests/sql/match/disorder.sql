-- Rows wait for the watermark and are matched in the order of their time.
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
  MEASURES A.id AS a, B.id AS b, C.id AS c, A.`at` AS a_at, C.`at` AS c_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B C)
  DEFINE A AS TRUE
) AS T;

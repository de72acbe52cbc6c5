-- The next match begins at the row behind the first of the one before.
CREATE TABLE ticker (
  symbol STRING,
  price INT,
  tax INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/ticker.json', 'format' = 'json');

SELECT *
FROM ticker
MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY `at`
  MEASURES
    SUM(A.price) AS sum_price,
    FIRST(A.`at`) AS start_at,
    LAST(A.`at`) AS end_at
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+ C)
  DEFINE
    A AS SUM(A.price) < 30
) AS T;

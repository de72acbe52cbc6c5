-- The longest period in which the mean stays below a bound.
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
    FIRST(A.`at`) AS start_at,
    LAST(A.`at`) AS end_at,
    AVG(A.price) AS mean
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A+ B)
  DEFINE
    A AS AVG(A.price) < 15
) AS T;

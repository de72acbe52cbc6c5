-- A drop in price that happens within an hour.
CREATE TABLE ticker (
  symbol STRING,
  price INT,
  tax INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/ticker_hours.json', 'format' = 'json');

SELECT *
FROM ticker
MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY `at`
  MEASURES
    C.`at` AS drop_at,
    A.price - C.price AS drop_by
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B* C) WITHIN INTERVAL '1' HOUR
  DEFINE
    B AS B.price > A.price - 10,
    C AS C.price < A.price - 10
) AS T;

SELECT *
FROM ticker
MATCH_RECOGNIZE (
  PARTITION BY symbol
  ORDER BY `at`
  MEASURES
    C.`at` AS drop_at,
    A.price - C.price AS drop_by
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B* C)
  DEFINE
    B AS B.price > A.price - 10,
    C AS C.price < A.price - 10
) AS T;

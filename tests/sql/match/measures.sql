-- Measures look at first and last rows, and aggregate those of a variable.
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
    A.id AS a, LAST(B.id) AS b, FIRST(B.id, 1) AS b_second, LAST(B.id, 1) AS b_before, LAST(id) AS last_id, FIRST(id) AS first_id, id AS plain,
    COUNT(B.id) AS n, SUM(B.price) AS total, MIN(B.price) AS low, MAX(price) AS high, AVG(B.quantity) AS mean, SUM(B.price * B.quantity) AS worth,
    LAST(B.price) - A.price AS rise, LAST(B.price * 2 + B.quantity, 1) AS twice
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B+ C)
  DEFINE
    A AS A.price < 10,
    B AS B.price >= A.price
) AS T;

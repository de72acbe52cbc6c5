-- A match is a table like others: filtered, joined with itself, aggregated.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

SELECT k, COUNT(*) AS n, SUM(y - x) AS rise
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`, id
  MEASURES A.v AS x, B.v AS y
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T
WHERE x > 1
GROUP BY k;

SELECT T.k, T.y - T.x AS rise
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`, id
  MEASURES A.v AS x, B.v AS y
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

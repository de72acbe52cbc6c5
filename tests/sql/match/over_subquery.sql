-- Rows of a sub-query, and of a view, can be matched.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

CREATE VIEW high AS SELECT id, k, v * 10 AS v, `at` FROM dice WHERE v > 2;

SELECT *
FROM high
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`, id
  MEASURES A.id AS a, B.id AS b, B.v AS v
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

SELECT *
FROM (SELECT id, k, v, `at` FROM dice WHERE v < 6)
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`, id
  MEASURES A.id AS a, B.id AS b, B.v AS v
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

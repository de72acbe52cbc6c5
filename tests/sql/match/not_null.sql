-- Columns that are never NULL of rows that there are.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

CREATE VIEW sure AS SELECT k, `at`, COALESCE(v, 0) AS v, 1 AS one_, 'x' AS word FROM dice;

CREATE VIEW found AS
SELECT *
FROM sure
MATCH_RECOGNIZE (
  PARTITION BY word
  ORDER BY `at`
  MEASURES A.v AS a, FIRST(C.one_) AS c, COUNT(B.v) AS n, SUM(B.v) AS s, MAX(A.v) AS m, COUNT(*) AS rows_
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B? C)
  DEFINE A AS A.v > 3, B AS B.v > 5
) AS T;

DESCRIBE found;

SELECT word, a, n, s, rows_ FROM found;

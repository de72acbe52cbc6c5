-- A column that is never NULL of a variable that took no row.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

CREATE VIEW sure AS SELECT `at`, COALESCE(v, 0) AS v FROM dice;

SELECT *
FROM sure
MATCH_RECOGNIZE (
  ORDER BY `at`
  MEASURES A.v AS a, B.v AS b
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B? C)
  DEFINE A AS A.v > 3, B AS B.v > 5
) AS T;

-- Fields of nested rows in patterns, which Flink does not find.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

SELECT *
FROM (SELECT k, `at`, CAST(ROW(id, v) AS ROW<id INT, v INT>) AS r FROM dice)
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`
  MEASURES A.r.v AS x, LAST(B.r.id) AS y, LAST(B.r) AS whole
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.r.v > A.r.v
) AS T;

-- The pattern variables are named in any case of letters.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY `at`, id
  MEASURES a.id AS x, b.id AS y
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST b
  PATTERN (a b+ c)
  DEFINE b AS b.v > a.v
) AS T;

-- SKIP TO names a variable of the pattern.
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
  ORDER BY `at`
  MEASURES A.id AS a
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST X
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

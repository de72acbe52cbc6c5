-- Partitions by two columns, which come first in the result.
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
  PARTITION BY k, v
  ORDER BY `at`
  MEASURES A.id AS a, B.id AS b
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE A AS TRUE
) AS T;

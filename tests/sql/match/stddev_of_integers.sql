-- The deviation of integers.
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
  MEASURES STDDEV_POP(A.v) AS sd, VAR_POP(A.v) AS var
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A+ B)
  DEFINE A AS A.v > 2
) AS T;

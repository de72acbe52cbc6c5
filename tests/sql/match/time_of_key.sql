-- The time as a partition is no time attribute.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

CREATE VIEW runs AS
SELECT *
FROM dice
MATCH_RECOGNIZE (
  PARTITION BY `at`
  ORDER BY `at`
  MEASURES A.v AS v
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v
) AS T;

DESCRIBE runs;

SELECT * FROM runs;

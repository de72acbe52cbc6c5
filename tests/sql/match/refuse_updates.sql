-- Rows that change cannot be matched.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

SELECT * FROM (SELECT k, COUNT(*) AS n, MAX(`at`) AS `at` FROM dice GROUP BY k)
MATCH_RECOGNIZE (
  ORDER BY `at`
  MEASURES A.k AS a
  PATTERN (A B)
  DEFINE A AS TRUE
);

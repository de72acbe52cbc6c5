-- Results of windows can be matched.
CREATE TABLE dice (
  id INT,
  k STRING,
  v INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/dice.json', 'format' = 'json');

SELECT * FROM (
  SELECT k, SUM(v) AS s, window_time AS wt FROM TABLE(TUMBLE(TABLE dice, DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end, window_time
)
MATCH_RECOGNIZE (
  PARTITION BY k
  ORDER BY wt
  MEASURES A.s AS x, LAST(B.s) AS y, COUNT(B.s) AS n, MATCH_ROWTIME() AS m
  ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A B+? C)
  DEFINE B AS B.s > A.s
);

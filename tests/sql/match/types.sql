-- Measures of all kinds of types, and functions over them.
CREATE TABLE readings (
  id INT,
  t TINYINT,
  s SMALLINT,
  i INT,
  l BIGINT,
  f FLOAT,
  d DOUBLE,
  n DECIMAL(12, 2),
  b BOOLEAN,
  `day` DATE,
  clock TIME,
  word STRING,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/readings.json', 'format' = 'json');

SELECT *
FROM readings
MATCH_RECOGNIZE (
  ORDER BY `at`, id
  MEASURES A.id AS a, LAST(B.t) AS t, SUM(B.s) AS s, AVG(B.i) AS i, SUM(B.l) AS l, AVG(B.f) AS f, MAX(B.d) AS d, SUM(B.n) AS n, AVG(B.n) AS an, LAST(B.b) AS b, MIN(B.`day`) AS dd,
    MAX(B.clock) AS c, UPPER(LAST(B.word)) AS w, CASE WHEN COUNT(B.id) > 1 THEN 'many' ELSE 'one' END AS how, CAST(A.id AS STRING) || '-' || COALESCE(LAST(B.word), '?') AS txt
  ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B{1,2} C)
  DEFINE B AS B.id > 0
) AS T;

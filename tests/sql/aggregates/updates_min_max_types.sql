-- MIN and MAX over changing values of every type.
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
  `at` TIMESTAMP(3)
) WITH ('connector' = 'filesystem', 'path' = '${data}/readings.json', 'format' = 'json');

CREATE VIEW latest AS
SELECT id / 2 AS pair, MAX(t) AS t, MAX(s) AS s, MAX(i) AS i, MAX(l) AS l, MAX(f) AS f, MAX(d) AS d, MAX(n) AS n, MAX(b) AS b, MAX(`day`) AS `day`,
  MAX(clock) AS clock, MAX(word) AS word, MAX(`at`) AS `at`
FROM readings GROUP BY id / 2;

SELECT MIN(t) AS t, MIN(s) AS s, MIN(i) AS i, MIN(l) AS l, MIN(f) AS f, MIN(d) AS d, MIN(n) AS n, MIN(b) AS b, MIN(`day`) AS `day`, MIN(clock) AS clock,
  MIN(word) AS word, MIN(`at`) AS `at`
FROM latest;
SELECT MAX(t) AS t, MAX(s) AS s, MAX(i) AS i, MAX(l) AS l, MAX(f) AS f, MAX(d) AS d, MAX(n) AS n, MAX(b) AS b, MAX(`day`) AS `day`, MAX(clock) AS clock,
  MAX(word) AS word, MAX(`at`) AS `at`
FROM latest;

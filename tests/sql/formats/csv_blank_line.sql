-- An empty line is a row with too few fields.
CREATE TABLE t (id INT, s STRING, n INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/blanks.csv', 'format' = 'csv');
SELECT id, s, n FROM t;

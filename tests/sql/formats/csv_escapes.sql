-- An escape character.
CREATE TABLE t (id INT, s STRING)
WITH ('connector' = 'filesystem', 'path' = '${data}/escapes.csv', 'format' = 'csv', 'csv.escape-character' = '\');
SELECT * FROM t;

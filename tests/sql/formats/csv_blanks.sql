-- Blanks around fields.
CREATE TABLE t (id INT, s STRING, n INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/spaces.csv', 'format' = 'csv');
SELECT id, s, n, CHAR_LENGTH(s) AS l FROM t;

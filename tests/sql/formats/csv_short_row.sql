-- A row with too few fields.
CREATE TABLE t (id INT, v INT) WITH ('connector' = 'filesystem', 'path' = '${data}/short.csv', 'format' = 'csv');
SELECT * FROM t;

-- An option that the format does not know goes unnoticed with this connector.
CREATE TABLE t (id INT, s STRING, n INT) WITH ('connector' = 'filesystem', 'path' = '${data}/spaces.csv', 'format' = 'csv', 'csv.colour' = 'red');
SELECT * FROM t;

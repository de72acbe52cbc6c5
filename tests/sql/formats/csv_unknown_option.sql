-- An option that the format does not know is refused.
CREATE TABLE t (id INT) WITH ('connector' = 'filesystem', 'path' = '${data}/people.csv', 'format' = 'csv', 'csv.colour' = 'red');
SELECT * FROM t;

-- With ignore-parse-errors a bad field is NULL.
CREATE TABLE t (id INT, v INT)
WITH ('connector' = 'filesystem', 'path' = '${data}/broken.csv', 'format' = 'csv', 'csv.ignore-parse-errors' = 'true');
SELECT * FROM t;

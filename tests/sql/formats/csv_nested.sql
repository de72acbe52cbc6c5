-- Arrays and rows in CSV.
CREATE TABLE t (id INT, a ARRAY<STRING>, r ROW<x STRING, y INT>)
WITH ('connector' = 'filesystem', 'path' = '${data}/nested.csv', 'format' = 'csv', 'csv.ignore-parse-errors' = 'true');
SELECT * FROM t;

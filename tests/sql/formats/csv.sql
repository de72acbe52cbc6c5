-- Quoted, empty, multi-line and Unicode fields of CSV.
CREATE TABLE people (id INT, name STRING, age INT, balance DECIMAL(7, 2), active BOOLEAN, born DATE, seen TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/people.csv', 'format' = 'csv', 'csv.null-literal' = '');
SELECT * FROM people;

-- An empty field is no number, unless the null literal is empty.
CREATE TABLE people (id INT, name STRING, age INT, balance DECIMAL(7, 2), active BOOLEAN, born DATE, seen TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/people.csv', 'format' = 'csv');
SELECT * FROM people;

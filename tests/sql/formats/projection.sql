-- Columns in another order than in the file, and fewer.
CREATE TABLE bids (quantity INT, bidder STRING, id BIGINT) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');
SELECT bidder, quantity FROM bids WHERE id > 8;
CREATE TABLE people (id INT, name STRING, age INT, balance DECIMAL(7, 2), active BOOLEAN, born DATE, seen TIMESTAMP(3))
WITH ('connector' = 'filesystem', 'path' = '${data}/people.csv', 'format' = 'csv', 'csv.null-literal' = '');
SELECT born, id FROM people WHERE age > 7;

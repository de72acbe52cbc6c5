-- Computed columns over physical ones.
CREATE TABLE bids (id INT, price DECIMAL(10, 2), quantity INT, worth AS price * quantity, label AS 'bid ' || CAST(id AS STRING), auction STRING)
WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');
SELECT * FROM bids WHERE worth > 20;
DESCRIBE bids;

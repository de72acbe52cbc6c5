-- NOT NULL columns: their types in expressions.
CREATE TABLE bids (id INT NOT NULL, price DECIMAL(10, 2) NOT NULL, auction STRING)
WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');
SELECT id, TYPEOF(id) AS a, TYPEOF(price * id) AS b, TYPEOF(COALESCE(auction, 'x')) AS c, TYPEOF(NULLIF(id, 1)) AS d, TYPEOF(CAST(id AS STRING)) AS e, TYPEOF(TRY_CAST(id AS STRING)) AS f FROM bids WHERE id = 1;

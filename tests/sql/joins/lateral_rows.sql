-- LATERAL sub-queries that filter by the row on the left.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  p AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT t.id, x.id FROM bids t CROSS JOIN LATERAL (SELECT id FROM bids i WHERE i.auction = t.auction AND i.id < t.id) x;
SELECT t.id, y FROM bids t CROSS JOIN LATERAL (SELECT i.id + t.id AS y FROM bids i WHERE i.auction = t.auction) x;
SELECT t.id, y FROM bids t CROSS JOIN LATERAL (SELECT i.id + 100 AS y FROM bids i WHERE i.auction = t.auction) x;
SELECT a, id FROM (SELECT DISTINCT auction AS a FROM bids) t LEFT JOIN LATERAL (SELECT id, price FROM bids WHERE auction = t.a AND price > 15) x ON TRUE;
SELECT t.id, x.id FROM bids t JOIN LATERAL (SELECT id, price FROM bids i WHERE i.auction = t.auction) x ON x.price > t.price;
SELECT t.id, x.m FROM bids t CROSS JOIN LATERAL (SELECT MAX(price) AS m FROM bids) x WHERE t.id < 3;

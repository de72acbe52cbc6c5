-- Scalar sub-queries that speak of the row around them.
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

SELECT id, auction FROM bids b WHERE price = (SELECT MAX(price) FROM bids WHERE auction = b.auction);
SELECT id, auction, (SELECT MAX(price) FROM bids i WHERE i.auction = b.auction) AS m FROM bids b;
SELECT id, auction, (SELECT MAX(price) FROM bids i WHERE i.auction = b.auction AND i.quantity > 1) AS m FROM bids b;
SELECT id, (SELECT i.bidder FROM bids i WHERE i.id = b.quantity) AS w FROM bids b;
SELECT id, (SELECT SUM(price) FROM bids i WHERE i.auction = b.auction GROUP BY i.auction) AS m FROM bids b;

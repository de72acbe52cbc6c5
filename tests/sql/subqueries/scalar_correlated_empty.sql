-- Aggregates of no rows: counts are zero, others are NULL.
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

SELECT id, (SELECT COUNT(*) FROM bids i WHERE i.bidder = b.auction) AS n FROM bids b WHERE id < 3;
SELECT id, (SELECT COUNT(*) + 1 FROM bids i WHERE i.bidder = b.auction) AS n FROM bids b WHERE id < 3;
SELECT id, (SELECT COALESCE(MAX(quantity), 0) FROM bids i WHERE i.bidder = b.auction) AS n FROM bids b WHERE id < 3;
SELECT id, (SELECT MAX(quantity) FROM bids i WHERE i.bidder = b.auction) AS n FROM bids b WHERE id < 3;
SELECT id FROM bids b WHERE (SELECT COUNT(*) FROM bids i WHERE i.bidder = b.auction) = 0 AND id < 3;
SELECT id, (SELECT COUNT(i.price) FROM bids i WHERE i.auction = b.auction AND i.quantity > 3) AS n FROM bids b;

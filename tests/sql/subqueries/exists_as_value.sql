-- EXISTS as a value.
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

SELECT id, EXISTS (SELECT 1 FROM bids i WHERE i.bidder = b.bidder AND i.quantity = 3) AS w FROM bids b;
SELECT id, NOT EXISTS (SELECT 1 FROM bids i WHERE i.bidder = b.bidder AND i.quantity = 3) AS w FROM bids b;
SELECT id, EXISTS (SELECT 1 FROM bids i WHERE i.id > b.id AND i.bidder = b.bidder) AS w FROM bids b;

-- IN as a value that speaks of the row around it.
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

SELECT id, quantity IN (SELECT i.quantity FROM bids i WHERE i.bidder = b.bidder AND i.id <> b.id) AS w FROM bids b;
SELECT id, quantity IN (SELECT i.quantity + 1 FROM bids i WHERE i.bidder = b.bidder) AS w FROM bids b;

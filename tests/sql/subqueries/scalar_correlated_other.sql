-- Scalar sub-queries that ask for more than equality.
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

SELECT id, (SELECT MAX(price) FROM bids i WHERE i.id < b.id) AS m FROM bids b;
SELECT id, (SELECT COUNT(*) FROM bids i WHERE i.id < b.id) AS n FROM bids b;
SELECT id, auction, (SELECT MAX(price) FROM bids i WHERE i.auction = b.auction AND i.id <> b.id) AS m FROM bids b;

-- The first rows in an order.
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

SELECT id, price FROM bids ORDER BY price DESC LIMIT 3;
SELECT id, auction, price FROM bids ORDER BY auction, price DESC LIMIT 4;
SELECT id FROM bids ORDER BY price LIMIT 2 OFFSET 1;
SELECT id, `at` FROM bids ORDER BY `at` DESC LIMIT 2;
SELECT id, `at` FROM bids ORDER BY `at` LIMIT 2;
SELECT id FROM bids ORDER BY price DESC LIMIT 1;

-- Queries in FROM, nested.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT auction, twice FROM (SELECT auction, price * 2 AS twice FROM (SELECT * FROM bids WHERE quantity > 1) AS q WHERE price > 1) WHERE twice > 40;

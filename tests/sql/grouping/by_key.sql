-- Running results of each key, updated row by row.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT auction, COUNT(*) AS bids, SUM(quantity) AS quantity, SUM(price) AS total, AVG(price) AS average FROM bids GROUP BY auction;
SELECT auction, bidder, MAX(price) AS highest, MIN(id) AS first_id FROM bids GROUP BY auction, bidder;

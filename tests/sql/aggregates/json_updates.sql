-- JSON aggregates over results that change.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT auction, JSON_OBJECTAGG(KEY bidder VALUE quantity) AS quantities
FROM (SELECT auction, bidder, SUM(quantity) AS quantity FROM bids GROUP BY auction, bidder) GROUP BY auction;
SELECT auction, JSON_ARRAYAGG(quantity) AS quantities
FROM (SELECT auction, SUM(quantity) AS quantity FROM bids GROUP BY auction) GROUP BY auction;

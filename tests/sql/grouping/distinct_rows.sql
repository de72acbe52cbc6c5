-- SELECT DISTINCT over all there is.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT DISTINCT auction FROM bids;
SELECT DISTINCT auction, quantity > 1 AS several FROM bids;
SELECT DISTINCT quantity FROM (SELECT SUM(quantity) AS quantity FROM bids GROUP BY auction, bidder) AS sums;

-- Grouping sets, ROLLUP and CUBE without a window.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT auction, bidder, COUNT(*) AS bids FROM bids GROUP BY GROUPING SETS ((auction), (bidder), ());
SELECT auction, bidder, SUM(quantity) AS quantity, GROUPING(auction) AS no_auction, GROUPING_ID(auction, bidder) AS level FROM bids GROUP BY ROLLUP (auction, bidder);
SELECT auction, quantity, COUNT(*) AS bids FROM bids GROUP BY CUBE (auction, quantity);
SELECT auction, COUNT(DISTINCT bidder) AS bidders FROM bids GROUP BY ROLLUP (auction);

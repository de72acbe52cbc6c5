-- ROLLUP with a window, and GROUPING_ID to tell the levels apart.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, auction, bidder, COUNT(*) AS bids, GROUPING_ID(auction, bidder) AS level, GROUPING(auction) AS g
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, ROLLUP (auction, bidder);

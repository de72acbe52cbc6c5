-- Averages and extremes over shared slices.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, auction, AVG(price) AS mean, AVG(quantity) AS mean_quantity, MIN(price) AS low, MAX(price) AS high
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND, INTERVAL '30' SECOND))
GROUP BY window_start, window_end, auction;

-- A query in brackets feeds a window function.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, auction, COUNT(*) AS bids
FROM TABLE(TUMBLE((SELECT auction, `at` FROM bids WHERE quantity > 1), DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY window_start, window_end, auction;

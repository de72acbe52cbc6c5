-- Cumulating windows grow by the step up to the size.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, window_end, auction, COUNT(*) AS bids, SUM(price) AS total
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND, INTERVAL '30' SECOND))
GROUP BY window_start, window_end, auction;

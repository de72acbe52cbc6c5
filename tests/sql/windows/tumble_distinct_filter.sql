-- DISTINCT and FILTER together, beside a plain aggregate over the same column.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT
  window_start,
  COUNT(bidder) AS bidder_rows,
  COUNT(DISTINCT bidder) FILTER (WHERE quantity > 1) AS big_bidders,
  COUNT(DISTINCT bidder) FILTER (WHERE quantity = 1) AS small_bidders,
  SUM(DISTINCT quantity) FILTER (WHERE auction = 'a') AS a_quantities
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end;

-- DISTINCT aggregates see each value once per window.
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
  COUNT(DISTINCT bidder) AS bidders,
  COUNT(DISTINCT auction) AS auctions,
  SUM(DISTINCT quantity) AS quantities,
  AVG(DISTINCT quantity) AS mean,
  MIN(DISTINCT quantity) AS fewest,
  MAX(DISTINCT quantity) AS most
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY window_start, window_end;

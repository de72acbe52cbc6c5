-- Aggregates of distinct values, some with a condition.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT auction, COUNT(DISTINCT bidder) AS bidders, SUM(DISTINCT quantity) AS quantities, AVG(DISTINCT quantity) AS average FROM bids GROUP BY auction;
SELECT COUNT(DISTINCT bidder) AS bidders, COUNT(DISTINCT bidder) FILTER (WHERE price > 11) AS dear, COUNT(DISTINCT bidder) FILTER (WHERE id < 4) AS early FROM bids;

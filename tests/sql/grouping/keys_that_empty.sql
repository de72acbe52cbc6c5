-- A key whose rows are all taken back goes away, and starts anew.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT parity, COUNT(*) AS auctions, SUM(total) AS total, SUM(CAST(total AS DOUBLE) / 3) AS thirds
FROM (SELECT auction, MOD(COUNT(*), 2) AS parity, SUM(price) AS total FROM bids GROUP BY auction) AS sums GROUP BY parity;
SELECT parity, COUNT(DISTINCT bids) AS different
FROM (SELECT bidder, MOD(SUM(quantity), 3) AS parity, COUNT(*) AS bids FROM bids GROUP BY bidder) AS sums GROUP BY parity;

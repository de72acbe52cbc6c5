-- An aggregation over results that change takes back what they were.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT bids, COUNT(*) AS auctions FROM (SELECT auction, COUNT(*) AS bids FROM bids GROUP BY auction) AS counts GROUP BY bids;
SELECT COUNT(*) AS auctions, SUM(bids) AS bids, AVG(total) AS average FROM (SELECT auction, COUNT(*) AS bids, SUM(price) AS total FROM bids GROUP BY auction) AS counts;
SELECT bids, COUNT(*) AS auctions FROM (SELECT auction, COUNT(*) AS bids FROM bids GROUP BY auction) AS counts WHERE bids > 2 GROUP BY bids;
SELECT big, COUNT(*) AS auctions FROM (SELECT auction, SUM(quantity) > 4 AS big FROM bids GROUP BY auction) AS sums GROUP BY big;

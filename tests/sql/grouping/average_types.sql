-- Types of aggregates, nested.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT TYPEOF(SUM(quantity)) AS s, TYPEOF(AVG(price)) AS a, TYPEOF(COUNT(*)) AS c, TYPEOF(MAX(`at`)) AS m, TYPEOF(SUM(quantity) FILTER (WHERE id > 3)) AS f FROM bids;
SELECT auction, (SUM(price) / COUNT(*)) * 2 AS twice, CASE WHEN COUNT(*) > 3 THEN 'many' ELSE 'few' END AS size_of_it FROM bids GROUP BY auction;

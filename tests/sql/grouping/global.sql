-- Without keys there is one row, once there are rows at all.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT COUNT(*) AS bids, SUM(price) AS total, MAX(`at`) AS latest FROM bids;
SELECT COUNT(*) AS bids FROM bids WHERE auction <> 'a';
SELECT COUNT(*) AS bids, SUM(price) AS total FROM bids WHERE id > 100;
SELECT SUM(quantity) + COUNT(DISTINCT auction) AS both_together FROM bids;

-- FILTER keeps rows out of one aggregate.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT auction, COUNT(*) AS bids, COUNT(*) FILTER (WHERE quantity > 1) AS big, SUM(price) FILTER (WHERE bidder = 'ann') AS of_ann, MAX(price) FILTER (WHERE bidder = 'nobody') AS of_nobody
FROM bids GROUP BY auction;

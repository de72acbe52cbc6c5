-- A scalar sub-query for each row.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  p AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, (SELECT MAX(price) FROM bids) AS highest FROM bids;
SELECT (SELECT MAX(price) FROM bids) AS highest, (SELECT MIN(price) FROM bids) AS lowest FROM bids WHERE id = 1;
SELECT id, (SELECT MAX(price) FROM bids) - (SELECT MIN(price) FROM bids) AS spread, CONCAT(bidder, '-', (SELECT MAX(auction) FROM bids)) AS c FROM bids WHERE id < 3;
SELECT id, CASE WHEN price > (SELECT AVG(price) FROM bids) THEN 'high' ELSE 'low' END AS w FROM bids;
SELECT (SELECT MAX(price) FROM bids);

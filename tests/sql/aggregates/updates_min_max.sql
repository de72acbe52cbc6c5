-- MIN and MAX over results that change take the old ones back.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE VIEW totals AS
SELECT auction, bidder, SUM(quantity) AS quantity, SUM(price) AS price, LAST_VALUE(id) AS last_id, COUNT(*) AS bids
FROM bids GROUP BY auction, bidder;

SELECT auction, MIN(quantity) AS least, MAX(quantity) AS most, MIN(price) AS low, MAX(price) AS high, MIN(last_id) AS first_id, MAX(bids) AS bids
FROM totals GROUP BY auction;
SELECT MIN(price) AS low, MAX(price) AS high, MIN(bidder) AS least, MAX(bidder) AS most, COUNT(*) AS pairs FROM totals;

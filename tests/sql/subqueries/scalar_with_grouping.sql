-- Scalar sub-queries beside and inside of aggregates.
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

SELECT auction, SUM(price) AS s FROM bids GROUP BY auction HAVING SUM(price) > (SELECT AVG(price) FROM bids);
SELECT auction, SUM(price) AS s, (SELECT MAX(price) FROM bids) AS m FROM bids GROUP BY auction;
SELECT auction, SUM(quantity * (SELECT MAX(quantity) FROM bids)) AS s FROM bids GROUP BY auction;
SELECT auction, SUM(price) AS s FROM bids GROUP BY auction HAVING auction IN (SELECT auction FROM bids WHERE price > 15);
SELECT auction, COUNT(*) FILTER (WHERE price > (SELECT AVG(price) FROM bids)) AS n FROM bids GROUP BY auction;

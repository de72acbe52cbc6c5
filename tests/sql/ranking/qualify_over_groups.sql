-- QUALIFY over the results of a grouping, and with DISTINCT.
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

SELECT * FROM (SELECT auction, SUM(price) AS s FROM bids GROUP BY auction) QUALIFY ROW_NUMBER() OVER (ORDER BY s DESC) <= 2;
SELECT DISTINCT auction, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rn FROM bids QUALIFY rn <= 2;

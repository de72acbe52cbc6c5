-- A number of rows before the current one.
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

SELECT id, auction, SUM(quantity) OVER (PARTITION BY auction ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS two,
  MAX(price) OVER (PARTITION BY auction ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS best,
  COUNT(bidder) OVER (PARTITION BY auction ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n
FROM bids;
SELECT id, AVG(price) OVER (ORDER BY `at` ROWS 3 PRECEDING) AS mean FROM bids;

-- Rows at most so much time before the current one.
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

SELECT id, auction, SUM(quantity) OVER (PARTITION BY auction ORDER BY `at` RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS total,
  MIN(price) OVER (PARTITION BY auction ORDER BY `at` RANGE BETWEEN INTERVAL '10' SECOND PRECEDING AND CURRENT ROW) AS least
FROM bids;
SELECT id, COUNT(*) OVER (ORDER BY `at` RANGE BETWEEN INTERVAL '1' MINUTE PRECEDING AND CURRENT ROW) AS n FROM bids;

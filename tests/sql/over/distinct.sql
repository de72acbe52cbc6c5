-- Distinct values, and those that pass a condition.
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

SELECT id, auction, COUNT(DISTINCT bidder) OVER (PARTITION BY auction ORDER BY `at`) AS n FROM bids;
SELECT id, auction, COUNT(DISTINCT quantity) OVER (PARTITION BY auction ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n,
  SUM(DISTINCT quantity) OVER (PARTITION BY auction ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM bids;

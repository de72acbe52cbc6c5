-- Aggregates over all rows up to the current one, by event time.
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

SELECT id, auction, SUM(quantity) OVER (PARTITION BY auction ORDER BY `at`) AS total,
  COUNT(*) OVER (PARTITION BY auction ORDER BY `at`) AS n,
  MAX(price) OVER (PARTITION BY auction ORDER BY `at`) AS best,
  AVG(quantity) OVER (PARTITION BY auction ORDER BY `at`) AS mean
FROM bids;
SELECT id, SUM(price) OVER (ORDER BY `at` RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS total FROM bids;

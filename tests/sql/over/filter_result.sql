-- A condition on the result.
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

SELECT id, total FROM (
  SELECT id, SUM(quantity) OVER (PARTITION BY auction ORDER BY `at`) AS total FROM bids
) WHERE total > 2;
SELECT id FROM bids QUALIFY COUNT(*) OVER (PARTITION BY auction ORDER BY `at`) = 2;

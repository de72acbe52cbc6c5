-- The older TUMBLE without a key, with HAVING and distinct aggregates.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT TUMBLE_START(`at`, INTERVAL '10' SECOND) AS ws, COUNT(DISTINCT bidder) AS bidders, AVG(price) AS mean
FROM bids
WHERE quantity < 5
GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND)
HAVING COUNT(*) > 1;

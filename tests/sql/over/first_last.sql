-- FIRST_VALUE and LAST_VALUE.
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

SELECT id, auction, FIRST_VALUE(price) OVER (PARTITION BY auction ORDER BY `at`) AS f,
  LAST_VALUE(bidder) OVER (PARTITION BY auction ORDER BY `at`) AS l FROM bids;
SELECT id, auction, FIRST_VALUE(price) OVER (PARTITION BY auction ORDER BY `at` ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS f FROM bids;

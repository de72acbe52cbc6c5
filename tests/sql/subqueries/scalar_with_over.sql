-- Sub-queries beside OVER and QUALIFY.
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

SELECT id, SUM(quantity) OVER (PARTITION BY auction ORDER BY `at`) + (SELECT MAX(id) FROM bids) AS w FROM bids WHERE id < 5;

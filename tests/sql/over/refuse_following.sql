-- A frame that ends behind the current row.
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

SELECT id, SUM(quantity) OVER (ORDER BY `at` ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING) AS a FROM bids;

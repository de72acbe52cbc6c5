-- Without PARTITION BY all rows are ranked together.
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

SELECT id, price, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY price DESC) AS rn FROM bids
) WHERE rn <= 3;

-- QUALIFY filters by a rank without a sub-query.
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

SELECT id, auction, price FROM bids
QUALIFY ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) = 1;
SELECT id, auction, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS rn FROM bids
WHERE quantity < 5
QUALIFY rn <= 2;

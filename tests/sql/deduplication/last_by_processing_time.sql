-- The last row of each key as they come.
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

SELECT id, auction FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY p DESC) AS rn FROM bids
) WHERE rn = 1;
SELECT id, auction FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction, quantity > 1 ORDER BY PROCTIME() DESC) AS rn FROM bids
) WHERE rn <= 1;

-- The first row of each key as they come.
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
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY p) AS rn FROM bids
) WHERE rn = 1;
SELECT id, bidder, quantity FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, quantity ORDER BY PROCTIME()) AS rn FROM bids
) WHERE rn = 1;

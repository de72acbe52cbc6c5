-- ROW_NUMBER, RANK and DENSE_RANK of every row by event time.
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

SELECT id, auction, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY `at`) AS rn FROM bids;
SELECT id, ROW_NUMBER() OVER (ORDER BY `at`) AS rn FROM bids;

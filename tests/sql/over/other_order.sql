-- By other columns than time each row changes those behind it.
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

SELECT id, auction, SUM(quantity) OVER (PARTITION BY auction ORDER BY price) AS total FROM bids;
SELECT id, auction, SUM(quantity) OVER (PARTITION BY auction ORDER BY quantity) AS total FROM bids;
SELECT id, auction, COUNT(*) OVER (PARTITION BY auction ORDER BY quantity ROWS UNBOUNDED PRECEDING) AS n FROM bids;

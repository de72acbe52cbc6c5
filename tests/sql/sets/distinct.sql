-- Each row once.
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

SELECT DISTINCT auction FROM bids;
SELECT DISTINCT auction, quantity > 1 AS more FROM bids;
SELECT COUNT(*) AS n FROM (SELECT DISTINCT bidder FROM bids);

-- Constants in conditions and projections.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, 1 + 1 AS two, 'a' || 'b' AS ab, 10 / 3 AS three FROM bids WHERE 1 = 1 AND id = 2 - 1;

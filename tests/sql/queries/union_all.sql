-- UNION ALL keeps repeated rows and takes the first query's names.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE TABLE more_bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/more_bids.json', 'format' = 'json');

SELECT auction AS a, quantity FROM bids WHERE quantity > 2 UNION ALL SELECT auction, quantity FROM more_bids UNION ALL SELECT 'z', 3;
SELECT 1 AS x UNION ALL SELECT 1 UNION ALL (SELECT 2 UNION ALL SELECT 2);

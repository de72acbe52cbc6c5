-- Sides of different types.
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

CREATE TABLE more_bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/more_bids.json', 'format' = 'json');

SELECT id, quantity FROM bids UNION SELECT CAST(id AS BIGINT), CAST(1.5 AS DOUBLE) FROM more_bids;
SELECT quantity FROM bids INTERSECT SELECT CAST(quantity AS BIGINT) FROM more_bids;
SELECT price FROM bids EXCEPT SELECT quantity FROM more_bids;

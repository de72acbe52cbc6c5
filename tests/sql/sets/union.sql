-- Each row of both sides once.
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

SELECT auction FROM bids UNION SELECT auction FROM more_bids;
SELECT auction, quantity FROM bids UNION SELECT auction, quantity FROM more_bids;
SELECT bidder FROM bids UNION SELECT auction FROM more_bids UNION SELECT auction FROM bids;

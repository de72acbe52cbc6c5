-- Sets of what changes.
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

SELECT auction, n FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction)
INTERSECT SELECT auction, quantity FROM more_bids;
SELECT n FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) EXCEPT SELECT CAST(quantity AS BIGINT) FROM more_bids;
SELECT DISTINCT n FROM (SELECT bidder, COUNT(*) AS n FROM bids GROUP BY bidder);
SELECT n FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) INTERSECT ALL SELECT CAST(quantity AS BIGINT) FROM bids;

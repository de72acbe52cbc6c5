-- Results that change, put together.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT who, COUNT(*) AS n FROM (
  SELECT auction AS who, COUNT(*) AS bids FROM bids GROUP BY auction
  UNION ALL
  SELECT bidder AS who, COUNT(*) AS bids FROM bids GROUP BY bidder
) AS both_together GROUP BY who;
SELECT auction, SUM(quantity) AS q FROM bids GROUP BY auction UNION ALL SELECT bidder, SUM(quantity) AS q FROM bids GROUP BY bidder;

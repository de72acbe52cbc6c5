-- Two tables joined by UNION ALL share one window.
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

CREATE VIEW every_bid AS SELECT * FROM bids UNION ALL SELECT * FROM more_bids;
SELECT window_start, auction, COUNT(*) AS bids, SUM(price) AS total
FROM TABLE(TUMBLE(TABLE every_bid, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, auction;

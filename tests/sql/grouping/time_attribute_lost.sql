-- The time of rows is no time attribute behind a grouping.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, COUNT(*) AS n FROM TABLE(TUMBLE((SELECT `at`, COUNT(*) AS c FROM bids GROUP BY `at`), DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

-- HOP alone repeats a row for each window it is in.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, window_start, window_end, window_time
FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
WHERE id < 5;

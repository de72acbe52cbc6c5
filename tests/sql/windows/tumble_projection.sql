-- Rows of a window function are filtered and projected like those of a table.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, UPPER(auction) AS auction, window_start, window_time
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
WHERE quantity > 1 AND window_start < TIMESTAMP '2024-03-01 10:01:00';

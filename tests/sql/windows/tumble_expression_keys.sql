-- Windows grouped by computed keys.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, bidder = 'ann' AS is_ann, SUBSTRING(auction, 1, 1) AS letter, COUNT(*) AS bids
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY window_start, window_end, bidder = 'ann', SUBSTRING(auction, 1, 1);

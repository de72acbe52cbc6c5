-- The size of cumulating windows has to be a multiple of the step.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, window_end, COUNT(*) AS bids
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '7' SECOND, INTERVAL '30' SECOND))
GROUP BY window_start, window_end;

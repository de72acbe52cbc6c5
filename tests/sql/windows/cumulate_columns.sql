-- CUMULATE alone repeats a row for each step that holds it.
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
FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND, INTERVAL '30' SECOND))
WHERE id IN (1, 4, 7);

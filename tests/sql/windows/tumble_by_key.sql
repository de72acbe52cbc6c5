-- Tumbling windows per key over event time, with the common aggregates.
CREATE TABLE bids (
  id INT,
  auction STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT
  window_start,
  window_end,
  auction,
  COUNT(*) AS bids,
  SUM(price) AS total,
  AVG(price) AS mean,
  MIN(quantity) AS fewest,
  MAX(quantity) AS most
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, auction;

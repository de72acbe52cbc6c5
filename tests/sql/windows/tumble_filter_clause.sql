-- FILTER restricts the rows of one aggregate.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT
  window_start,
  COUNT(*) AS bids,
  COUNT(*) FILTER (WHERE bidder = 'ann') AS ann,
  SUM(quantity) FILTER (WHERE price > 15) AS dear,
  AVG(price) FILTER (WHERE price > 1000) AS nothing
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;

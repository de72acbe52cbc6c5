-- Expressions around the window columns, the keys and the aggregates.
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
  auction || '!' AS auction,
  TIMESTAMPDIFF(SECOND, window_start, window_end) AS size_s,
  EXTRACT(SECOND FROM window_start) AS start_s,
  SUM(price * quantity) AS worth,
  MAX(quantity) - MIN(quantity) + 1 AS spread,
  CASE WHEN COUNT(*) > 1 THEN 'many' ELSE 'one' END AS many
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY auction, window_start, window_end;

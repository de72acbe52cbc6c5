-- Aggregates of constants, and none at all.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, COUNT(1) AS ones, SUM(2) AS twos, MAX('x') AS x, COUNT(CAST(NULL AS INT)) AS nothing
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY window_start, window_end;
SELECT window_start, window_end, auction
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY window_start, window_end, auction;

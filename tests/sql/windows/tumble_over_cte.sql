-- A common table expression feeds a window function.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

WITH dear AS (SELECT auction, price, `at` FROM bids WHERE price > 10)
SELECT window_start, auction, COUNT(*) AS bids
FROM TABLE(TUMBLE(TABLE dear, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY window_start, window_end, auction;

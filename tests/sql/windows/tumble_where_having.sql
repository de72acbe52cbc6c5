-- WHERE drops rows before the window, HAVING drops results after it.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, auction, COUNT(*) AS bids, SUM(quantity) AS quantity
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
WHERE bidder <> 'bob'
GROUP BY window_start, window_end, auction
HAVING SUM(quantity) > 1 AND auction <> 'c';

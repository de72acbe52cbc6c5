-- Keys that a grouping set lacks are NULL, whatever their type without grouping: COALESCE names the totals.
CREATE TABLE bids (
  id INT NOT NULL,
  auction STRING NOT NULL,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT NOT NULL,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, COALESCE(UPPER(auction), 'all') AS a, COALESCE(quantity + 1, -1) AS q, IFNULL(quantity > 1, FALSE) AS many, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' MINUTE))
GROUP BY window_start, window_end, GROUPING SETS ((UPPER(auction)), (quantity + 1, quantity > 1), ());
SELECT COALESCE(CONCAT(auction, '!'), 'none') AS a, CASE WHEN CONCAT(auction, '!') IS NULL THEN 'total' ELSE 'part' END AS k, COUNT(*) AS n
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '1' HOUR))
GROUP BY window_start, window_end, ROLLUP (CONCAT(auction, '!'))
HAVING COALESCE(CONCAT(auction, '!'), 'none') <> 'a!';

-- A window's results are written to a table and read back.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE TABLE totals (auction STRING, ws TIMESTAMP(3), we TIMESTAMP(3), total DECIMAL(38, 2), bids BIGINT)
WITH ('connector' = 'filesystem', 'path' = '${tmp}/totals', 'format' = 'json');
INSERT INTO totals (bids, total, auction, ws, we)
SELECT COUNT(*), SUM(price), auction, window_start, window_end
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY window_start, window_end, auction;
SELECT * FROM totals;

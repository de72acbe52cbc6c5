-- Ranks over the groups of the same SELECT, with windows and without.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  p AS PROCTIME(),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT * FROM (
  SELECT auction, COUNT(*) AS n, ROW_NUMBER() OVER (ORDER BY COUNT(*) DESC, auction) AS rn FROM bids GROUP BY auction
) WHERE rn <= 2;
SELECT window_start, auction, total FROM (
  SELECT window_start, window_end, auction, SUM(price) AS total,
    ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY SUM(price) DESC) AS rn
  FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, auction
) WHERE rn = 1;

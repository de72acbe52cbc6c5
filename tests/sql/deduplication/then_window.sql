-- First rows can be aggregated in windows.
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

SELECT window_start, COUNT(*) AS firsts FROM TABLE(TUMBLE((
  SELECT id, auction, `at` FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY auction, bidder ORDER BY p) AS rn FROM bids
  ) WHERE rn = 1
), DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

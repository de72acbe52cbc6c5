-- The first rows of sessions.
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

SELECT window_start, window_end, bidder, id FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, bidder ORDER BY price DESC) AS rn
  FROM TABLE(SESSION(TABLE bids PARTITION BY bidder, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
) WHERE rn = 1;

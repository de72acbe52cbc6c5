-- The first rows of each key and window, told once.
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

SELECT window_start, window_end, auction, id, price, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, auction ORDER BY price DESC) AS rn
  FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
) WHERE rn <= 2;
SELECT window_start, id FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY price) AS rn
  FROM TABLE(HOP(TABLE bids, DESCRIPTOR(`at`), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
) WHERE rn = 1;
SELECT window_start, window_end, id, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY window_end, window_start ORDER BY price DESC) AS rn
  FROM TABLE(CUMULATE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND, INTERVAL '30' SECOND))
) WHERE rn BETWEEN 2 AND 3;

-- Results keep the event time.
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

SELECT window_start, MAX(total) AS most FROM TABLE(TUMBLE((
  SELECT id, `at`, SUM(quantity) OVER (PARTITION BY auction ORDER BY `at`) AS total FROM bids
), DESCRIPTOR(`at`), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;

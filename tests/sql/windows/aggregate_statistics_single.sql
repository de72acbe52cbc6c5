-- A sample variance of one row is NULL, a population variance 0.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, auction, VAR_SAMP(CAST(quantity AS DOUBLE)) AS vs, VAR_POP(CAST(quantity AS DOUBLE)) AS vp, STDDEV_SAMP(price) AS ss
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end, auction;

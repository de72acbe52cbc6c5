-- Standard deviations and variances keep the type of their argument, so those of integers are truncated.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT
  window_start, STDDEV_POP(quantity) AS sp, STDDEV_SAMP(quantity) AS ss, VAR_POP(quantity) AS vp, VAR_SAMP(quantity) AS vs,
  STDDEV_POP(price) AS pp, VAR_SAMP(CAST(quantity AS DOUBLE)) AS dv, STDDEV_POP(CAST(quantity AS DOUBLE)) AS ds
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '30' SECOND))
GROUP BY window_start, window_end;

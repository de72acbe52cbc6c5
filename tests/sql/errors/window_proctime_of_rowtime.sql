-- TUMBLE_PROCTIME has no place in a window over event time.
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

SELECT TUMBLE_PROCTIME(`at`, INTERVAL '1' HOUR) FROM bids GROUP BY TUMBLE(`at`, INTERVAL '1' HOUR);

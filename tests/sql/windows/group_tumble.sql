-- The older TUMBLE in GROUP BY, with its start, end and rowtime.
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
  TUMBLE_START(`at`, INTERVAL '10' SECOND) AS ws,
  TUMBLE_END(`at`, INTERVAL '10' SECOND) AS we,
  TUMBLE_ROWTIME(`at`, INTERVAL '10' SECOND) AS wt,
  auction,
  COUNT(*) AS bids
FROM bids
GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND), auction;

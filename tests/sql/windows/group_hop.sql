-- The older HOP in GROUP BY.
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
  HOP_START(`at`, INTERVAL '10' SECOND, INTERVAL '20' SECOND) AS ws,
  HOP_END(`at`, INTERVAL '10' SECOND, INTERVAL '20' SECOND) AS we,
  HOP_ROWTIME(`at`, INTERVAL '10' SECOND, INTERVAL '20' SECOND) AS wt,
  SUM(quantity) AS quantity
FROM bids
GROUP BY HOP(`at`, INTERVAL '10' SECOND, INTERVAL '20' SECOND);

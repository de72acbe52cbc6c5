-- TUMBLE_ROWTIME feeds a second, wider window.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT TUMBLE_START(wt, INTERVAL '30' SECOND) AS ws, SUM(bids) AS bids, COUNT(*) AS parts
FROM (
  SELECT TUMBLE_ROWTIME(`at`, INTERVAL '10' SECOND) AS wt, auction, COUNT(*) AS bids
  FROM bids
  GROUP BY TUMBLE(`at`, INTERVAL '10' SECOND), auction
)
GROUP BY TUMBLE(wt, INTERVAL '30' SECOND);

-- PERCENTILE interpolates, of several shares it gives an array, and values can count more than once.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT window_start, PERCENTILE(quantity, 0.5) AS q, PERCENTILE(price, 0.25) AS p, PERCENTILE(quantity, ARRAY[0.1, 0.5, 0.9]) AS qs, PERCENTILE(price, 0.5, quantity) AS w
FROM TABLE(TUMBLE(TABLE bids, DESCRIPTOR(`at`), INTERVAL '10' SECOND))
GROUP BY window_start, window_end;
SELECT auction, PERCENTILE(quantity, 0.5) AS q, PERCENTILE(price, ARRAY[0.0, 1.0]) AS p FROM bids GROUP BY auction;
SELECT PERCENTILE(quantity, 0.3) AS q FROM bids WHERE id > 100;
SELECT PERCENTILE(DISTINCT quantity, 0.3) AS q FROM bids;
SELECT auction, PERCENTILE(quantity, 0.5) AS q, PERCENTILE(quantity, ARRAY[0.2, 0.7], 2) AS qs
FROM (SELECT auction, bidder, SUM(quantity) AS quantity FROM bids GROUP BY auction, bidder) GROUP BY auction;
SELECT TYPEOF(PERCENTILE(quantity, 0.5)) AS t, TYPEOF(PERCENTILE(quantity, ARRAY[0.5])) AS u FROM bids;

-- Several calls over one named window.
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

SELECT id, SUM(quantity) OVER w AS total, MIN(price) OVER w AS least, COUNT(*) OVER w + 1 AS n
FROM bids WHERE auction <> 'c' WINDOW w AS (PARTITION BY bidder ORDER BY `at` ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);

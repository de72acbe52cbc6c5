-- Flink does not plan QUALIFY beside grouping.
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

SELECT auction, SUM(price) AS s FROM bids GROUP BY auction QUALIFY ROW_NUMBER() OVER (ORDER BY SUM(price) DESC) <= 2;

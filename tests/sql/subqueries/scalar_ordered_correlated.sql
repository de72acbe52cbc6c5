-- Flink does not plan ORDER BY and LIMIT in a scalar sub-query that speaks of the row around it.
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

SELECT id, (SELECT i.bidder FROM bids i WHERE i.auction = b.auction ORDER BY price DESC LIMIT 1) AS w FROM bids b;

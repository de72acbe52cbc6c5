-- Flink does not plan LATERAL with LIMIT and more than equality.
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

SELECT t.id, x.id FROM bids t CROSS JOIN LATERAL (SELECT id, price FROM bids i WHERE i.price < t.price ORDER BY price DESC LIMIT 1) x;

-- Flink does not plan LIMIT without ORDER BY in LATERAL.
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

SELECT a, id FROM (SELECT DISTINCT auction AS a FROM bids) t CROSS JOIN LATERAL (SELECT id, price FROM bids WHERE auction = t.a LIMIT 1) x;

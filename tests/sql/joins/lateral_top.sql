-- The first rows of each key.
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

SELECT a, id, price FROM (SELECT DISTINCT auction AS a FROM bids) t, LATERAL (SELECT id, price FROM bids WHERE auction = t.a ORDER BY price DESC LIMIT 2);
SELECT a, x.id, x.price FROM (SELECT DISTINCT auction AS a FROM bids) t CROSS JOIN LATERAL (SELECT id, price FROM bids WHERE auction = t.a ORDER BY price DESC LIMIT 2) x;

-- QUALIFY in LATERAL ranks the rows of all keys together.
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

SELECT a, x.id, x.price FROM (SELECT DISTINCT auction AS a FROM bids) t, LATERAL (SELECT id, price FROM bids WHERE auction = t.a QUALIFY ROW_NUMBER() OVER (ORDER BY price DESC) <= 2) x;

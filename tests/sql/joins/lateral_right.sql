-- LATERAL on the right of a RIGHT JOIN makes no sense.
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

SELECT a, id FROM (SELECT DISTINCT auction AS a FROM bids) t RIGHT JOIN LATERAL (SELECT id FROM bids WHERE auction = t.a) x ON TRUE;

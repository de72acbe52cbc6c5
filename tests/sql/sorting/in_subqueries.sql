-- An order inside of a query means nothing without LIMIT.
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

SELECT id FROM (SELECT * FROM bids ORDER BY price) WHERE quantity = 1;
SELECT id FROM (SELECT * FROM bids ORDER BY price DESC LIMIT 5) WHERE quantity = 2;
WITH best AS (SELECT * FROM bids ORDER BY price DESC LIMIT 3) SELECT id, bidder FROM best;
(SELECT id FROM bids ORDER BY price LIMIT 1) UNION ALL (SELECT id FROM bids ORDER BY price DESC LIMIT 1);

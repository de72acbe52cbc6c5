-- A scalar sub-query without an aggregate gives its one row.
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

SELECT id, (SELECT bidder FROM bids WHERE id = 3) AS w FROM bids;
SELECT id FROM bids WHERE bidder = (SELECT bidder FROM bids WHERE id = 3);
SELECT id, (VALUES (7)) AS w FROM bids WHERE id < 3;
SELECT id, (SELECT 7) AS w FROM bids WHERE id < 3;
SELECT id, (SELECT MAX(price) FROM bids WHERE quantity < (SELECT MAX(quantity) FROM bids)) AS w FROM bids WHERE id < 3;

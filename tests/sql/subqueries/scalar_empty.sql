-- A scalar sub-query of no rows is NULL, aggregates in streams too.
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

SELECT id, (SELECT MAX(price) FROM bids WHERE price > 1000) AS m FROM bids WHERE id < 3;
SELECT id, (SELECT COUNT(*) FROM bids WHERE price > 1000) AS m FROM bids WHERE id < 3;
SELECT id, (SELECT COALESCE(MAX(quantity), 0) FROM bids WHERE price > 1000) AS m FROM bids WHERE id < 3;
SELECT id, (SELECT bidder FROM bids WHERE price > 1000) AS m FROM bids WHERE id < 3;
SELECT id FROM bids WHERE price > (SELECT MAX(price) FROM bids WHERE price > 1000);

-- Comparisons with scalar sub-queries.
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

SELECT id FROM bids WHERE price >= (SELECT MAX(price) FROM bids);
SELECT id FROM bids WHERE price > (SELECT AVG(price) FROM bids) * 1.2 AND quantity < 5;
SELECT id FROM bids WHERE price BETWEEN (SELECT AVG(price) FROM bids) AND (SELECT MAX(price) - 1 FROM bids);
SELECT id FROM bids WHERE price = (SELECT MIN(price) FROM bids) OR id = 1;
SELECT id FROM bids WHERE NOT price < (SELECT AVG(price) FROM bids) AND auction IN (SELECT auction FROM bids WHERE price > 15);

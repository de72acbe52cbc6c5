-- Common table expressions, one using another, and with column names.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

WITH dear AS (SELECT id, price FROM bids WHERE price > 12), dearest (k, p) AS (SELECT id, price FROM dear WHERE price > 20)
SELECT k, p FROM dearest;
WITH ones AS (SELECT 1 AS a) SELECT a FROM ones UNION ALL SELECT a + 1 FROM ones;

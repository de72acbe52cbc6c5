-- Views over views, with renamed columns.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE VIEW dear (k, p) AS SELECT id, price FROM bids WHERE price > 12;
CREATE VIEW dearest AS SELECT k + 100 AS k, p FROM dear WHERE p > 20;
SELECT * FROM dearest;
SELECT d.k FROM dear AS d WHERE d.p < 14;

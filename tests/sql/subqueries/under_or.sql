-- Sub-queries under OR.
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

SELECT id FROM bids WHERE price > 20 OR auction IN (SELECT auction FROM bids WHERE price > 15);
SELECT id FROM bids b WHERE price > 20 OR EXISTS (SELECT 1 FROM bids i WHERE i.bidder = b.bidder AND i.id > b.id);
SELECT id FROM bids b WHERE price > 20 OR EXISTS (SELECT 1 FROM bids WHERE price > 100);
SELECT id FROM bids WHERE price > 20 OR auction NOT IN (SELECT auction FROM bids WHERE price > 15);
SELECT id FROM bids b WHERE id = 1 OR NOT EXISTS (SELECT 1 FROM bids i WHERE i.bidder = b.bidder AND i.quantity = 3);
SELECT * FROM (VALUES (1), (2)) AS t (x) WHERE x IN (SELECT quantity FROM bids) OR x > 5;

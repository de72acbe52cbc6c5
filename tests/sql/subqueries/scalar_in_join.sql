-- Scalar sub-queries in the condition of a join.
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

SELECT a.id, b.id FROM bids a JOIN bids b ON a.id = b.id AND a.price >= (SELECT MAX(price) FROM bids);
SELECT a.id, b.id FROM bids a LEFT JOIN bids b ON a.id = b.id AND b.price >= (SELECT MAX(price) FROM bids);
SELECT a.id, b.id FROM bids a JOIN bids b ON a.id = b.id AND a.price = (SELECT MAX(i.price) FROM bids i WHERE i.auction = a.auction);
SELECT a.id, b.id FROM bids a JOIN bids b ON a.id = (SELECT MAX(id) FROM bids) - b.id;
SELECT a.id, b.id FROM bids a JOIN bids b ON a.id = b.id AND EXISTS (SELECT 1 FROM bids WHERE price > 15);

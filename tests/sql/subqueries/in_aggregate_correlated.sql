-- IN over aggregates that speak of the row around them.
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

SELECT id FROM bids b WHERE price IN (SELECT MAX(price) FROM bids i WHERE i.auction = b.auction);
SELECT id FROM bids b WHERE bidder IN (SELECT i.bidder FROM bids i WHERE i.auction = b.auction GROUP BY i.bidder HAVING COUNT(*) > 1);

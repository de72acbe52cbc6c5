-- Flink does not plan HAVING with a sub-query that speaks of the group.
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

SELECT auction, SUM(price) AS s FROM bids b GROUP BY auction HAVING SUM(price) > (SELECT MAX(price) * 2 FROM bids i WHERE i.auction = b.auction);

-- The types of what sub-queries give.
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

CREATE VIEW v AS SELECT id, (SELECT COUNT(*) FROM bids) AS c, (SELECT COUNT(*) FROM bids i WHERE i.auction = b.auction) AS cc, auction IN (SELECT auction FROM bids) AS x, EXISTS (SELECT 1 FROM bids) AS e, (SELECT 7) AS k FROM bids b;
DESCRIBE v;

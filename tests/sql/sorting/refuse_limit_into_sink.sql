-- The first rows in an order cannot go where rows are only added.
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

CREATE TABLE sink (id INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'json');
INSERT INTO sink SELECT id FROM bids ORDER BY price LIMIT 3;

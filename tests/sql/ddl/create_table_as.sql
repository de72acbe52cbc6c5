-- CREATE TABLE AS creates and fills a table.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE TABLE dear WITH ('connector' = 'filesystem', 'path' = '${tmp}/dear', 'format' = 'json') AS SELECT id, price * 2 AS twice, auction FROM bids WHERE price > 15;
DESCRIBE dear;
SELECT * FROM dear;

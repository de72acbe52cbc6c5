-- Arrays of columns built and measured per row.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, ARRAY[quantity, id] AS a, CARDINALITY(ARRAY[auction, bidder]) AS n, MAP[auction, price] AS m, ROW(id, bidder) AS r FROM bids WHERE id < 4;

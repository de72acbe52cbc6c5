-- Names of columns: aliases, unnamed expressions, repeated columns.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT id, id, id + 1, id AS x, bids.quantity FROM bids WHERE id = 1;
SELECT 1, 2 AS `EXPR$0`, 3;

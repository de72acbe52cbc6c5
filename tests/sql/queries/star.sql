-- Stars, qualified and beside other columns.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT *, price * quantity AS worth FROM bids WHERE id < 3;
SELECT b.*, 1 AS n FROM bids AS b WHERE b.id = 3;

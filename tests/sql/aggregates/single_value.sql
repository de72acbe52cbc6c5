-- SINGLE_VALUE over one row, and over a result that changes.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT SINGLE_VALUE(price) AS price FROM bids WHERE id = 3;
SELECT SINGLE_VALUE(bids) AS bids FROM (SELECT COUNT(*) AS bids FROM bids);

-- Rows from one to another as they come.
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

SELECT id FROM bids LIMIT 3 OFFSET 2;
SELECT id FROM bids OFFSET 8 ROWS FETCH NEXT 5 ROWS ONLY;
SELECT id FROM bids LIMIT 2 OFFSET 50;

-- The first rows as they come.
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

SELECT id, auction FROM bids LIMIT 3;
SELECT id FROM bids WHERE quantity = 1 FETCH FIRST 2 ROWS ONLY;
SELECT id FROM bids LIMIT 100;
SELECT id FROM bids LIMIT 0;

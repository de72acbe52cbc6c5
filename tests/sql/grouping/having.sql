-- HAVING over results that change.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT auction, COUNT(*) AS bids FROM bids GROUP BY auction HAVING COUNT(*) > 2;
SELECT auction FROM bids GROUP BY auction HAVING SUM(quantity) < 9;
SELECT COUNT(*) AS bids FROM bids HAVING COUNT(*) > 100;
SELECT 'some' AS answer FROM bids GROUP BY () HAVING COUNT(*) > 5;

-- Keys of many types, and computed ones.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

SELECT price, COUNT(*) AS n FROM bids GROUP BY price;
SELECT `at`, COUNT(*) AS n FROM bids GROUP BY `at`;
SELECT quantity > 1 AS several, UPPER(auction) AS auction, COUNT(*) AS n FROM bids GROUP BY quantity > 1, UPPER(auction);
SELECT CAST(`at` AS DATE) AS d, EXTRACT(MINUTE FROM `at`) AS m, COUNT(*) AS n FROM bids GROUP BY CAST(`at` AS DATE), EXTRACT(MINUTE FROM `at`);
SELECT COUNT(*) AS n, 'x' AS k FROM bids GROUP BY 'x';
SELECT ARRAY[auction, bidder] AS pair, COUNT(*) AS n FROM bids GROUP BY ARRAY[auction, bidder];

-- Keys and orders that are computed, and conditions beside the one on the rank.
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

SELECT UPPER(auction) AS a, id, total, rn FROM (
  SELECT *, price * quantity AS total,
    ROW_NUMBER() OVER (PARTITION BY auction || '!' ORDER BY price * quantity DESC) AS rn
  FROM bids WHERE quantity < 5
) WHERE rn <= 2 AND auction <> 'c';
SELECT total + 1 AS more, rn * 10 AS ranks FROM (
  SELECT price * quantity AS total, ROW_NUMBER() OVER (PARTITION BY quantity ORDER BY price * quantity) AS rn
  FROM bids
) WHERE rn <= 2 AND total > 10;

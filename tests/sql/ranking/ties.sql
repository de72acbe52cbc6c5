-- Rows that are equal in the order rank as they come.
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

SELECT bidder, id, rn FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder ORDER BY quantity) AS rn FROM bids
) WHERE rn <= 2;
SELECT id, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY quantity DESC) AS rn FROM bids
) WHERE rn <= 4;

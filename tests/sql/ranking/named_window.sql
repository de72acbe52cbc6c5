-- A window can have a name, and another can go on from it.
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

SELECT * FROM (
  SELECT id, auction, ROW_NUMBER() OVER w AS rn FROM bids WINDOW w AS (PARTITION BY auction ORDER BY price DESC)
) WHERE rn <= 2;
SELECT * FROM (
  SELECT id, auction, ROW_NUMBER() OVER (w ORDER BY price) AS rn FROM bids WINDOW w AS (PARTITION BY auction)
) WHERE rn <= 1;

-- IN, NOT IN and EXISTS over the first rows of each key.
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

SELECT id FROM bids WHERE id IN (SELECT id FROM bids QUALIFY ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) = 1);

SELECT id FROM bids WHERE id NOT IN (SELECT id FROM bids WHERE id IS NOT NULL QUALIFY ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) = 1);

SELECT id FROM bids WHERE EXISTS (SELECT id FROM bids WHERE price > 1000 QUALIFY ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) = 1);

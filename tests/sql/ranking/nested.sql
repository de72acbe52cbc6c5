-- The first rows of first rows: what takes rows back is ranked again.
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

SELECT auction, id, price, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY price DESC) AS rn FROM (
    SELECT auction, id, price FROM (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC) AS best FROM bids
    ) WHERE best = 1
  )
) WHERE rn <= 2;
SELECT auction, id FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY id) AS rn FROM (
    SELECT auction, id, price FROM (
      SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder ORDER BY price DESC) AS best FROM bids
    ) WHERE best <= 2
  )
) WHERE rn <= 1;
SELECT id, rn FROM (
  SELECT id, ROW_NUMBER() OVER (ORDER BY quantity, id) AS rn FROM (
    SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY `at` DESC) AS best FROM bids
  ) WHERE best = 1
) WHERE rn BETWEEN 2 AND 3;

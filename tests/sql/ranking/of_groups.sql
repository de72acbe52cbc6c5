-- The greatest of results that change.
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

SELECT auction, n, rn FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY n DESC, auction) AS rn FROM (
    SELECT auction, COUNT(*) AS n, SUM(price) AS total FROM bids GROUP BY auction
  )
) WHERE rn <= 2;
SELECT bidder, total FROM (
  SELECT *, ROW_NUMBER() OVER (ORDER BY total DESC) AS rn FROM (
    SELECT bidder, SUM(price) AS total FROM bids GROUP BY bidder
  )
) WHERE rn <= 3;
SELECT auction, bidder, n FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY n DESC, bidder) AS rn FROM (
    SELECT auction, bidder, COUNT(*) AS n FROM bids GROUP BY auction, bidder
  )
) WHERE rn = 1;
SELECT auction, n FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) ORDER BY n DESC, auction LIMIT 2;

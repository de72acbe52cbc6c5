-- Sub-queries over results that change.
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

SELECT auction, n, (SELECT MAX(m) FROM (SELECT COUNT(*) AS m FROM bids GROUP BY bidder)) AS most FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction);
SELECT auction FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction) WHERE n = (SELECT MAX(m) FROM (SELECT COUNT(*) AS m FROM bids GROUP BY auction));
SELECT auction, n IN (SELECT COUNT(*) FROM bids GROUP BY bidder) AS w FROM (SELECT auction, COUNT(*) AS n FROM bids GROUP BY auction);

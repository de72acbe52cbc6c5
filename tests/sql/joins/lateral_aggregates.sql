-- LATERAL sub-queries that aggregate.
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

SELECT a, m FROM (SELECT DISTINCT auction AS a FROM bids) t CROSS JOIN LATERAL (SELECT MAX(price) AS m FROM bids WHERE auction = t.a) x;
SELECT a, m, n FROM (SELECT DISTINCT bidder AS a FROM bids) t LEFT JOIN LATERAL (SELECT MAX(price) AS m, COUNT(*) AS n FROM bids WHERE auction = t.a) x ON TRUE;
SELECT a, bidder, n FROM (SELECT DISTINCT auction AS a FROM bids) t CROSS JOIN LATERAL (SELECT bidder, COUNT(*) AS n FROM bids WHERE auction = t.a GROUP BY bidder) x;
SELECT a, q FROM (SELECT DISTINCT auction AS a FROM bids) t CROSS JOIN LATERAL (SELECT DISTINCT quantity AS q FROM bids WHERE auction = t.a) x;

-- IN with a sub-query as a value.
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

SELECT id, auction IN (SELECT auction FROM bids WHERE price > 15) AS w FROM bids;
SELECT id, CASE WHEN auction IN (SELECT auction FROM bids WHERE price > 15) THEN 'y' ELSE 'n' END AS w FROM bids;
SELECT id, auction NOT IN (SELECT auction FROM bids WHERE price > 15) AS w FROM bids;

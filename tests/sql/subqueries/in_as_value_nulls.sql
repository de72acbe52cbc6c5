-- IN as a value where something is NULL.
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

SELECT x, x IN (SELECT CASE WHEN quantity < 4 THEN quantity END FROM bids) AS w FROM (VALUES (1), (77), (CAST(NULL AS INT))) AS t (x);
SELECT x, x NOT IN (SELECT CASE WHEN quantity < 4 THEN quantity END FROM bids) AS w FROM (VALUES (1), (77), (CAST(NULL AS INT))) AS t (x);
SELECT x, x IN (SELECT quantity FROM bids) AS w FROM (VALUES (1), (77), (CAST(NULL AS INT))) AS t (x);

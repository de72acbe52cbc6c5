-- What a sub-query gives can change, which a file cannot take.
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

CREATE TABLE sink (a INT, b DECIMAL(10, 2)) WITH ('connector' = 'filesystem', 'path' = '${tmp}/x', 'format' = 'json');
INSERT INTO sink SELECT id, (SELECT MAX(price) FROM bids) FROM bids;

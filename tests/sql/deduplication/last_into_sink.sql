-- The last rows of keys cannot go where rows are only added.
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

CREATE TABLE sink (id INT, auction STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'json');
INSERT INTO sink SELECT id, auction FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY `at` DESC) AS rn FROM bids
) WHERE rn = 1;

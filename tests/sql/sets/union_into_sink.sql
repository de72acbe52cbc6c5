-- Each row once goes where rows are only added.
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

CREATE TABLE more_bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/more_bids.json', 'format' = 'json');

CREATE TABLE sink (auction STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/sink', 'format' = 'json');
INSERT INTO sink SELECT auction FROM bids UNION SELECT auction FROM more_bids;
SELECT * FROM sink;
INSERT INTO sink SELECT DISTINCT bidder FROM bids;
SELECT * FROM sink;

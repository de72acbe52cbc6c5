-- A table that takes only inserts does not take results that change.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE TABLE results (auction STRING, bids BIGINT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/results', 'format' = 'json');
INSERT INTO results SELECT auction, COUNT(*) FROM bids GROUP BY auction;

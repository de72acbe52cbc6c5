-- Where all rows of a group are taken back the group goes, and so does what it was counted in.
CREATE TABLE bids (
  id INT,
  auction STRING,
  bidder STRING,
  price DECIMAL(10, 2),
  quantity INT,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = '${data}/bids.json', 'format' = 'json');

CREATE VIEW latest AS
SELECT bidder, LAST_VALUE(auction) AS auction, LAST_VALUE(price) AS price FROM bids GROUP BY bidder;

SELECT auction, COUNT(*) AS bidders, MAX(price) AS high, MIN(price) AS low, ARRAY_SORT(SPLIT(LISTAGG(CAST(price AS STRING)), ',')) AS prices FROM latest WHERE bidder <> 'dan' GROUP BY auction;
SELECT bidders, COUNT(*) AS auctions FROM (SELECT auction, COUNT(*) AS bidders FROM latest GROUP BY auction) GROUP BY bidders;

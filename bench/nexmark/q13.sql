-- Bids with what a bounded side input says of them, its version of the bid's time: Flink looks nothing up in files.
CREATE TABLE side_input (
  `key` BIGINT, `value` STRING, since TIMESTAMP(3), WATERMARK FOR since AS since, PRIMARY KEY (`key`) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${side_input}', 'format' = 'csv');

CREATE TABLE sink (auction BIGINT, bidder BIGINT, price BIGINT, bid_time TIMESTAMP(3), `value` STRING)
WITH (${sink});

INSERT INTO sink
SELECT b.auction, b.bidder, b.price, b.`dateTime`, s.`value`
FROM (SELECT auction, bidder, price, `dateTime`, MOD(auction, 10000) AS side_key FROM bid) AS b
JOIN side_input FOR SYSTEM_TIME AS OF b.`dateTime` AS s ON b.side_key = s.`key`;

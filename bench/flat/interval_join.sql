-- The bids of an auction's first ten seconds.
CREATE TABLE sink (auction BIGINT, bidder BIGINT, price BIGINT, category BIGINT) WITH ('connector' = 'blackhole');

INSERT INTO sink
SELECT b.auction, b.bidder, b.price, a.category
FROM bid AS b JOIN auction AS a
  ON b.auction = a.id AND b.`dateTime` BETWEEN a.`dateTime` AND a.`dateTime` + INTERVAL '10' SECOND;

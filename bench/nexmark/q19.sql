-- The ten best bids of each auction: a Top-N. Bids of one price have an order, so that any two runs give the same rows.
CREATE TABLE sink (
  auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING,
  place BIGINT
) WITH (${sink});

INSERT INTO sink
SELECT auction, bidder, price, channel, url, `dateTime`, extra, place
FROM (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, `dateTime`, bidder, extra) AS place FROM bid
)
WHERE place <= 10;

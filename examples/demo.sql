-- A live auction house: ten thousand events a second, and for every ten seconds the auctions that drew most bids.

CREATE TABLE events (
  event_type INT,
  person ROW<id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING, `dateTime` TIMESTAMP(3), extra STRING>,
  auction ROW<id BIGINT, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT, `dateTime` TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING>,
  bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING>,
  event_time AS COALESCE(bid.`dateTime`, auction.`dateTime`, person.`dateTime`),
  WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) WITH (
  'connector' = 'nexmark',
  'next-event.rate' = '10000'
);

CREATE VIEW bids AS
SELECT bid.auction AS auction, bid.bidder AS bidder, bid.price AS price, event_time FROM events WHERE event_type = 2;

SELECT
  window_start,
  auction,
  COUNT(*) AS bids,
  COUNT(DISTINCT bidder) AS bidders,
  MAX(price) AS highest
FROM TUMBLE(TABLE bids, DESCRIPTOR(event_time), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, auction
HAVING COUNT(*) >= 795;

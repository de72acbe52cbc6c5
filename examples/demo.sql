-- A live auction house: ten thousand events a second, and for every ten seconds the auctions that drew most bids.

CREATE TABLE events (
  event_type INT,
  bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING>,
  bid_time AS bid.`dateTime`,
  WATERMARK FOR bid_time AS bid_time - INTERVAL '1' SECOND
) WITH (
  'connector' = 'nexmark',
  'next-event.rate' = '10000',
  'person.proportion' = '0',
  'auction.proportion' = '0',
  'bid.proportion' = '46'
);

SELECT
  window_start,
  bid.auction AS auction,
  COUNT(*) AS bids,
  COUNT(DISTINCT bid.bidder) AS bidders,
  MAX(bid.price) AS highest
FROM TUMBLE(TABLE events, DESCRIPTOR(bid_time), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, bid.auction
HAVING COUNT(*) >= 500;

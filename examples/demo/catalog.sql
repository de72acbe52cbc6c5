CREATE TABLE events (
  event_type INT,
  person ROW<id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING, `dateTime` TIMESTAMP(3), extra STRING>,
  auction ROW<id BIGINT, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT, `dateTime` TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING>,
  bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, `dateTime` TIMESTAMP(3), extra STRING>,
  event_time AS COALESCE(bid.`dateTime`, auction.`dateTime`, person.`dateTime`),
  WATERMARK FOR event_time AS event_time - INTERVAL '1' SECOND
) COMMENT 'All that happens in the auction house: 2,000 events a second' WITH (
  'connector' = 'nexmark',
  'first-event.rate' = '2000'
);

CREATE VIEW bids COMMENT 'Someone offers a price for what an auction sells' AS
SELECT bid.auction AS auction, bid.bidder AS bidder, bid.price AS price, bid.channel AS channel, event_time
FROM events WHERE event_type = 2;

CREATE VIEW auctions COMMENT 'Something is put up for sale' AS
SELECT auction.id AS auction, auction.itemName AS item, auction.category AS category, auction.seller AS seller,
  auction.initialBid AS initial_bid, event_time
FROM events WHERE event_type = 1;

CREATE TABLE hot_auctions (
  window_start TIMESTAMP(3),
  auction BIGINT,
  bids BIGINT,
  bidders BIGINT,
  highest BIGINT
) COMMENT 'The auctions that drew most bids in ten seconds' WITH (
  'connector' = 'filesystem',
  'path' = 'hot_auctions',
  'format' = 'json'
);

CREATE TABLE category_prices (
  window_start TIMESTAMP(3),
  category BIGINT,
  auctions BIGINT,
  lowest BIGINT,
  average BIGINT,
  highest BIGINT
) COMMENT 'What sellers ask for, by category and minute' WITH (
  'connector' = 'filesystem',
  'path' = 'category_prices',
  'format' = 'csv'
);

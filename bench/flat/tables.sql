-- What every query starts from: a stream of generated events, whose time advances by a second with every ten thousand.
CREATE TABLE events (
  event_type INT,
  person ROW<
    id BIGINT, name STRING, emailAddress STRING, creditCard STRING, city STRING, state STRING,
    `dateTime` TIMESTAMP(3), extra STRING>,
  auction ROW<
    id BIGINT, itemName STRING, description STRING, initialBid BIGINT, reserve BIGINT,
    `dateTime` TIMESTAMP(3), expires TIMESTAMP(3), seller BIGINT, category BIGINT, extra STRING>,
  bid ROW<
    auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING,
    `dateTime` TIMESTAMP(3), extra STRING>,
  `dateTime` AS COALESCE(bid.`dateTime`, auction.`dateTime`, person.`dateTime`),
  WATERMARK FOR `dateTime` AS `dateTime` - INTERVAL '4' SECOND
) WITH (
  'connector' = 'nexmark', 'events.num' = '${events}', 'max-disorder' = '3 s',
  -- What one shard reads ahead of the other waits in state: how far that is would be a matter of chance.
  'scan.watermark.alignment.group' = 'events', 'scan.watermark.alignment.max-drift' = '2 s'
);

CREATE VIEW bid AS
SELECT bid.auction, bid.bidder, bid.price, `dateTime` FROM events WHERE event_type = 2;

CREATE VIEW auction AS
SELECT auction.id, auction.seller, auction.category, `dateTime` FROM events WHERE event_type = 1;

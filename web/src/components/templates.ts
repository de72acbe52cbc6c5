/** Texts to begin with. Each runs as it stands, on generated rows. */

export interface Template {
  title: string;
  says: string;
  name: string;
  sql: string;
}

export const TEMPLATES: Template[] = [
  { title: "Empty", says: "A blank page", name: "untitled", sql: "" },
  {
    title: "Rows in ten-second windows",
    says: "Generated orders, counted by shop",
    name: "orders by shop",
    sql: `-- Ten orders a second, made up.
CREATE TEMPORARY TABLE orders (
  id BIGINT,
  shop INT,
  amount INT,
  ordered_at TIMESTAMP(3),
  WATERMARK FOR ordered_at AS ordered_at - INTERVAL '1' SECOND
) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '10',
  'fields.shop.min' = '1',
  'fields.shop.max' = '5',
  'fields.amount.min' = '1',
  'fields.amount.max' = '500'
);

SELECT window_start, shop, COUNT(*) AS orders, SUM(amount) AS amount
FROM TUMBLE(TABLE orders, DESCRIPTOR(ordered_at), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, shop;
`,
  },
  {
    title: "Rows as they come",
    says: "Bids of a made-up auction house, the highest only",
    name: "high bids",
    sql: `-- Persons, auctions and bids in one stream, as the Nexmark benchmark makes them up.
CREATE TEMPORARY TABLE events (
  event_type INT,
  bid ROW<auction BIGINT, bidder BIGINT, price BIGINT, channel STRING, url STRING, \`dateTime\` TIMESTAMP(3), extra STRING>
) WITH (
  'connector' = 'nexmark',
  'first-event.rate' = '1000'
);

SELECT bid.auction AS auction, bid.bidder AS bidder, bid.price AS price, bid.channel AS channel
FROM events
WHERE event_type = 2 AND bid.price > 10000000;
`,
  },
];

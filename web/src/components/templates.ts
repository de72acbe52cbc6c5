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
    title: "A table that changes",
    says: "A running count, updated with every row",
    name: "running count",
    sql: `-- A grouped query keeps changing its answer: look at it as a changelog and as a table.
CREATE TEMPORARY TABLE clicks (
  page INT
) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '20',
  'fields.page.min' = '1',
  'fields.page.max' = '8'
);

SELECT page, COUNT(*) AS clicks FROM clicks GROUP BY page;
`,
  },
];

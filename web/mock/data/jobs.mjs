/** Drafts and their versions. */

import { before, DAY, id } from "./ids.mjs";
import { PEOPLE } from "./people.mjs";

const AUCTIONS_SQL = `-- A live auction house: for every ten seconds, the auctions that drew most bids.
INSERT INTO hot_auctions
SELECT
  window_start,
  auction,
  COUNT(*) AS bids,
  COUNT(DISTINCT bidder) AS bidders,
  MAX(price) AS highest
FROM TUMBLE(TABLE bids, DESCRIPTOR(event_time), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, auction
HAVING COUNT(*) >= 100;
`;

const FRAUD_SQL = `-- Cards used in two countries within ten minutes.
CREATE TEMPORARY VIEW foreign_payments AS
SELECT card, country, amount, paid_at
FROM payments
WHERE status = 'captured' AND amount > 50.00;

INSERT INTO suspicious_cards
SELECT a.card, a.country AS first_country, b.country AS second_country, a.amount + b.amount AS amount, b.paid_at
FROM foreign_payments a
JOIN foreign_payments b
  ON a.card = b.card
  AND a.country <> b.country
  AND b.paid_at BETWEEN a.paid_at AND a.paid_at + INTERVAL '10' MINUTE;
`;

const NAMES = [
  "hot auctions",
  "card fraud",
  "orders by shop",
  "late shipments",
  "sessions of visitors",
  "stock levels",
  "currency rates",
  "clicks to warehouse",
  "price changes",
  "running count",
  "device heartbeat",
  "refund rate",
  "search terms, top 20",
  "basket value",
  "door sensors",
  "payments by country",
  "error budget",
  "dedup of events",
  "user profile join",
  "ad impressions",
  "a very long name that someone gave a job once because they wanted to say all of it, which is fine",
];

function draft(name, index) {
  return {
    id: id("dr"),
    workspace: "demo",
    name,
    sql: index === 1 ? FRAUD_SQL : AUCTIONS_SQL,
    settings: index % 3 === 0 ? { "table.local-time-zone": "UTC", "parallelism.default": "2" } : {},
    revision: 12 + index,
    created_at: before(40 * DAY - index * DAY),
    updated_at: before(index * index * 1_400_000 + 95_000),
    updated_by: PEOPLE[index % PEOPLE.length],
  };
}
export function makeDrafts() {
  return Array.from({ length: 64 }, (_, index) =>
    draft(
      index < NAMES.length
        ? NAMES[index]
        : `${NAMES[index % NAMES.length]} ${Math.floor(index / NAMES.length) + 1}`,
      index,
    ),
  );
}

const COMMENTS = ["count bidders once", "ten seconds instead of thirty", "", "first"];
export function makeVersions(drafts) {
  return new Map(
    drafts.map(({ id: draftId, sql, settings, updated_by }, index) => {
      const count = index < 8 ? 4 : index < 20 ? 1 : 0;
      return [
        draftId,
        Array.from({ length: count }, (_, back) => {
          const number = count - back;
          return {
            draft_id: draftId,
            number,
            sql:
              number === count
                ? sql
                : sql
                    .replace("'10' SECOND", number === 3 ? "'10' SECOND" : "'30' SECOND")
                    .replace("  COUNT(DISTINCT bidder) AS bidders,\n", ""),
            settings,
            catalog_ddl: "CREATE TABLE events (id BIGINT) WITH ('connector' = 'nexmark');",
            content_hash: id("hash").slice(8),
            comment: COMMENTS[back] ?? "",
            created_at: before((back + 1) * 2.6 * DAY),
            created_by: PEOPLE[(index + back) % PEOPLE.length] ?? updated_by,
          };
        }),
      ];
    }),
  );
}

/** Tables and views with some rows. */

import { at, NOW } from "./ids.mjs";

const EVENTS_COLUMNS = [
  { name: "event_type", type: "INT", kind: "physical", comment: "0 person, 1 auction, 2 bid" },
  {
    name: "person",
    type: "ROW<`id` BIGINT, `name` STRING, `emailAddress` STRING, `city` STRING, `state` STRING>",
    kind: "physical",
    comment: null,
  },
  {
    name: "bid",
    type: "ROW<`auction` BIGINT, `bidder` BIGINT, `price` BIGINT, `channel` STRING>",
    kind: "physical",
    comment: null,
  },
  {
    name: "event_time",
    type: "TIMESTAMP(3) *ROWTIME*",
    kind: "computed",
    comment: "the time of whichever is there",
  },
];
const PAYMENTS_COLUMNS = [
  { name: "id", type: "BIGINT NOT NULL", kind: "physical", comment: "past 2^53 on purpose" },
  { name: "card", type: "STRING", kind: "physical", comment: null },
  { name: "country", type: "CHAR(2)", kind: "physical", comment: "ISO 3166" },
  { name: "amount", type: "DECIMAL(10, 2)", kind: "physical", comment: null },
  { name: "status", type: "STRING", kind: "physical", comment: null },
  { name: "paid_at", type: "TIMESTAMP(3) *ROWTIME*", kind: "physical", comment: null },
];

const table = (name, connector, columns = PAYMENTS_COLUMNS, kind = "table") => ({
  name,
  kind,
  connector,
  columns,
});
export function makeDatabases() {
  return {
    shop: [
      table("payments", "filesystem"),
      table("orders", "datagen"),
      table("suspicious_cards", "filesystem"),
      table("refunds", "filesystem"),
    ],
    auctions: [
      table("events", "nexmark", EVENTS_COLUMNS),
      table("bids", null, PAYMENTS_COLUMNS, "view"),
      table("hot_auctions", "filesystem"),
    ],
    scratch: [],
  };
}

export function ddlOf({ name, kind, connector, columns }) {
  if (kind === "view")
    return `CREATE VIEW ${name} AS\nSELECT bid.auction AS auction, bid.bidder AS bidder, bid.price AS price, event_time\nFROM events\nWHERE event_type = 2;\n`;
  const lines = columns.map((column) => `  \`${column.name}\` ${column.type.replace(" *ROWTIME*", "")}`);
  return `CREATE TABLE ${name} (\n${lines.join(",\n")},\n  WATERMARK FOR \`${columns.at(-1).name}\` AS \`${columns.at(-1).name}\` - INTERVAL '1' SECOND\n) WITH (\n  'connector' = '${connector}',\n  'path' = '/data/${name}',\n  'format' = 'json'\n);\n`;
}

export function sampleRow(column, index) {
  const base = column.type.split(/[( <]/)[0];
  if (base === "BIGINT") return `90071992547${String(40991 + index * 37).padStart(6, "0")}`;
  if (base === "INT") return (index * 7) % 3;
  if (base === "DECIMAL") return (index * 13.37 + 4.5).toFixed(2);
  if (base === "CHAR") return ["DE", "NL", "GB", "PT"][index % 4];
  if (base === "TIMESTAMP")
    return at(NOW - index * 1_337)
      .replace("T", " ")
      .replace("Z", "");
  if (base === "ROW")
    return { id: String(1000 + index), name: "Grace", channel: index % 3 ? null : "<b>web</b>" };
  if (column.name === "status") return index % 5 === 4 ? null : "captured";
  return ["4111 **** **** 1881", "5500 **** **** 0004", "<script>alert(1)</script>"][index % 3];
}

export const FUNCTIONS = [
  {
    name: "COUNT",
    kind: "aggregate",
    category: "aggregate",
    signatures: ["COUNT(*)", "COUNT([DISTINCT] value)"],
    description: "The number of rows, or of values that are not NULL.",
    example: { expression: "COUNT(DISTINCT bidder)", result: "3" },
  },
  {
    name: "MAX",
    kind: "aggregate",
    category: "aggregate",
    signatures: ["MAX(value)"],
    description: "The greatest value.",
    example: { expression: "MAX(price)", result: "310" },
  },
  {
    name: "UPPER",
    kind: "scalar",
    category: "string",
    signatures: ["UPPER(text)"],
    description: "The text in capital letters.",
    example: { expression: "UPPER('abc')", result: "ABC" },
  },
  {
    name: "TUMBLE",
    kind: "window",
    category: "window",
    signatures: ["TUMBLE(TABLE t, DESCRIPTOR(time), size [, offset])"],
    description: "Windows of a fixed size, one after the other.",
    example: {
      expression: "TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)",
      result: "window_start, window_end, window_time",
    },
  },
];

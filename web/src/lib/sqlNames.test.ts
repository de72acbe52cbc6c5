import { expect, it } from "vitest";
import { tablesDefinedIn, tablesNamedIn } from "./sqlNames";

const table = (name: string) => ({ name, kind: "table" as const, connector: null });
const TREE = {
  catalogs: [
    {
      name: "default",
      databases: [
        { name: "shop", tables: [table("orders"), table("refunds"), table("größen")] },
        { name: "my db", tables: [table("order by")] },
      ],
    },
  ],
};

it("finds the tables that a text names, however it names them", () => {
  const named = (text: string) => tablesNamedIn(text, TREE).map(({ table: name }) => name);
  expect(named("SELECT * FROM orders")).toEqual(["orders"]);
  expect(named("SELECT * FROM default.shop.refunds r JOIN größen g ON TRUE")).toEqual(["refunds", "größen"]);
  expect(named("SELECT * FROM `my db`.`order by`")).toEqual(["order by"]);
});

it("takes nothing from comments and texts", () => {
  expect(tablesNamedIn("-- orders\nSELECT 'refunds', /* orders */ 1", TREE)).toEqual([]);
});

it("finds the columns of tables that a text defines", () => {
  const text = `
    CREATE TEMPORARY TABLE IF NOT EXISTS a.b.\`my clicks\` (
      id BIGINT NOT NULL, -- the id, of course
      price DECIMAL(10, 2) COMMENT 'in euro, cents',
      nested ROW<x INT, y MAP<STRING, INT>>,
      \`the time\` TIMESTAMP(3),
      total AS price * 2,
      WATERMARK FOR \`the time\` AS \`the time\` - INTERVAL '1' SECOND,
      PRIMARY KEY (id) NOT ENFORCED
    ) WITH ('connector' = 'datagen');
    CREATE TABLE other (n INT) WITH ();`;
  expect(tablesDefinedIn(text)).toEqual({
    "my clicks": [
      { name: "id", type: "BIGINT" },
      { name: "price", type: "DECIMAL(10, 2)" },
      { name: "nested", type: "ROW<x INT, y MAP<STRING, INT>>" },
      { name: "the time", type: "TIMESTAMP(3)" },
      { name: "total", type: "AS price * 2" },
    ],
    other: [{ name: "n", type: "INT" }],
  });
});

it("reads a definition that is not written to its end", () => {
  expect(tablesDefinedIn("CREATE TABLE t (a INT, b STR")).toEqual({
    t: [
      { name: "a", type: "INT" },
      { name: "b", type: "STR" },
    ],
  });
});

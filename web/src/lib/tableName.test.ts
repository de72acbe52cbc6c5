import { expect, it } from "vitest";
import { formatName, parseName } from "./tableName";

function check(catalog: string, database: string, table: string, text: string) {
  const name = { catalog, database, table };
  expect(formatName(name)).toBe(text);
  expect(parseName(text)).toEqual(name);
}

it("joins plain names by dots", () => check("default", "shop", "orders", "default.shop.orders"));
it("quotes names with dots", () => check("c", "a.b", "..", "c.`a.b`.`..`"));
it("doubles back quotes", () => check("c", "d", "a`b", "c.d.`a``b`"));
it("refuses what is no full name", () => {
  for (const text of ["", "a", "a.b", "a.b.c.d", "a..c", "a.b.`c", "a.b.c."])
    expect(parseName(text)).toBeNull();
});

import { expect, it } from "vitest";
import { explainOperator } from "./operators";

it("names sources and sinks by their table, and leaves the table out of the rest", () => {
  expect(
    explainOperator(
      "Source",
      "Source(table=[default_catalog.default_database.orders], read=[shop, amount], rowtime=[at])",
    ),
  ).toEqual({ title: "Source orders", detail: "read shop, amount · rowtime at" });
  expect(explainOperator("Sink", "Sink(table=[a.b.`my.table`])")).toEqual({
    title: "Sink my.table",
    detail: "",
  });
});

it("keeps commas inside of brackets", () => {
  expect(
    explainOperator(
      "LocalWindowAggregate",
      "LocalWindowAggregate(keys=[shop], window=[TUMBLE(size=[2000 ms], offset=[0 ms]) over at], aggregates=[COUNT(*), SUM(x)])",
    ),
  ).toEqual({
    title: "Local window aggregate",
    detail: "keys shop · window TUMBLE(size=[2000 ms], offset=[0 ms]) over at · aggregates COUNT(*), SUM(x)",
  });
});

it("shows a line that it does not know as it is", () => {
  expect(explainOperator("Odd", "something else")).toEqual({ title: "Odd", detail: "something else" });
});

import { describe, expect, it } from "vitest";
import type { Op, Row } from "../api/types";
import { MaterializedTable } from "./changelog";

function check(changes: [Op, Row][], expected: Row[]) {
  const table = new MaterializedTable();
  for (const [op, row] of changes) table.apply({ op, row });
  expect(table.rows()).toEqual(expected);
  expect(table.size).toBe(expected.length);
  return table;
}

describe("a changelog", () => {
  it("keeps equal rows as many times as they were added", () => {
    check(
      [
        ["+I", { a: 1 }],
        ["+I", { a: 1 }],
        ["-D", { a: 1 }],
      ],
      [{ a: 1 }],
    );
  });

  it("leaves an updated row in its place", () => {
    check(
      [
        ["+I", { k: "x", n: 1 }],
        ["+I", { k: "y", n: 1 }],
        ["-U", { k: "x", n: 1 }],
        ["+U", { k: "x", n: 2 }],
      ],
      [
        { k: "x", n: 2 },
        { k: "y", n: 1 },
      ],
    );
  });

  it("counts retractions of rows that are not there", () => {
    const table = check([["-D", { a: 1 }]], []);
    expect(table.unmatched).toBe(1);
  });

  it("does not take text for a number", () => {
    check(
      [
        ["+I", { a: "1" }],
        ["-D", { a: 1 }],
      ],
      [{ a: "1" }],
    );
  });
});

it("gives the same rows as a naive multiset, whatever the changes", () => {
  let state = 20261122;
  const random = (below: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
  const table = new MaterializedTable();
  const naive: string[] = [];
  for (let step = 0; step < 5000; step += 1) {
    const present = naive.length > 0 && random(100) < 52 ? naive[random(naive.length)] : undefined;
    if (present !== undefined) {
      naive.splice(naive.indexOf(present), 1);
      table.apply({ op: random(2) ? "-U" : "-D", row: JSON.parse(present) });
    } else {
      const row = { a: random(20) };
      naive.push(JSON.stringify(row));
      table.apply({ op: random(2) ? "+U" : "+I", row });
    }
    if (step % 97 === 0) {
      expect(
        table
          .rows()
          .map((row) => JSON.stringify(row))
          .sort(),
      ).toEqual([...naive].sort());
    }
  }
});

import { expect, it } from "vitest";
import type { Verdict } from "../api/types";
import { inOrder, isAllowed, placeOf, summary } from "./verdict";

const span = { line: 3, column: 1, end_line: 3, end_column: 9, start: 20, end: 28 };

function verdict(...fates: Verdict["worst"][]): Verdict {
  const order = ["kept", "new", "gone", "reset", "impossible"];
  const worst = fates.reduce((a, b) => (order.indexOf(a) > order.indexOf(b) ? a : b), "kept");
  return {
    of: { draft_id: "dr_1", version: 2, savepoint_id: null },
    worst,
    keeps_all: worst !== "reset" && worst !== "impossible",
    drops_state: false,
    parts: fates.map((fate, index) => ({
      kind: "operator",
      fate,
      name: `${index}`,
      keeps: "rows",
      reason: null,
      before: span,
      after: span,
    })),
  };
}

it("asks for leave where state is lost, and takes none where it cannot go on", () => {
  expect(isAllowed(verdict("kept", "new", "gone"), false)).toBe(true);
  expect(isAllowed(verdict("kept", "reset"), false)).toBe(false);
  expect(isAllowed(verdict("kept", "reset"), true)).toBe(true);
  expect(isAllowed({ ...verdict("reset"), drops_state: true }, false)).toBe(true);
  expect(isAllowed(verdict("impossible"), true)).toBe(false);
});

it("says in short how much is lost", () => {
  expect(summary(verdict("kept", "new"))).toBe("All of the state of version 2 is kept.");
  expect(summary(verdict("kept", "reset", "kept"))).toBe(
    "Of the state of version 2, 1 of 3 parts would be lost.",
  );
  expect(summary(verdict("impossible"))).toBe("It cannot go on from the state of version 2.");
  expect(summary({ ...verdict(), of: null })).toBe("There is no state yet: it begins anew.");
});

it("shows first what is lost, and where it stands", () => {
  const parts = inOrder(verdict("kept", "reset", "new").parts);
  expect(parts.map(({ fate }) => fate)).toEqual(["reset", "kept", "new"]);
  const [part] = parts;
  if (!part) throw new Error("there is one");
  expect(placeOf(part)).toBe("line 3");
  expect(placeOf({ ...part, after: null })).toBe("line 3 of the old text");
  expect(placeOf({ ...part, before: null, after: null })).toBe("");
});

import { describe, expect, it } from "vitest";
import { droppedRows, keptLateRows } from "./rowLosses";

const NONE = {
  late_rows: 0,
  null_time_rows: 0,
  null_rows: 0,
  unreadable_rows: 0,
  refired_rows: 0,
  redirected_rows: 0,
};

describe("rows that did not go the usual way", () => {
  it("nothing lost is told by a number alone", () => {
    expect(droppedRows(NONE)).toEqual({ total: 0, reasons: "" });
  });

  it("every reason is told with its rows", () => {
    const counts = { ...NONE, late_rows: 1700, null_time_rows: 1, null_rows: 2, unreadable_rows: 3 };
    expect(droppedRows(counts)).toEqual({
      total: 1706,
      reasons: "1,700 late, 1 without a time, 2 with a NULL, 3 unreadable",
    });
  });

  it("late rows that were kept are no loss", () => {
    const counts = { ...NONE, refired_rows: 4, redirected_rows: 5 };
    expect(droppedRows(counts).total).toBe(0);
    expect(keptLateRows(counts)).toEqual({ total: 9, reasons: "4 corrected results, 5 to another table" });
  });
});

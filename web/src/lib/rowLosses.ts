/** Rows that did not go the usual way: what became of them, in words. */

import { count } from "./format";

export type RowLosses = {
  late_rows: number;
  null_time_rows: number;
  null_rows: number;
  unreadable_rows: number;
  refired_rows: number;
  redirected_rows: number;
};

/** How many rows are in no result, and why: "17 late, 3 unreadable". */
export function droppedRows(counts: RowLosses): { total: number; reasons: string } {
  return summary([
    [counts.late_rows, "late"],
    [counts.null_time_rows, "without a time"],
    [counts.null_rows, "with a NULL"],
    [counts.unreadable_rows, "unreadable"],
  ]);
}

/** How many late rows were not lost, and what was done with them. */
export function keptLateRows(counts: RowLosses): { total: number; reasons: string } {
  return summary([
    [counts.refired_rows, "corrected results"],
    [counts.redirected_rows, "to another table"],
  ]);
}

function summary(parts: [number, string][]): { total: number; reasons: string } {
  const some = parts.filter(([rows]) => rows > 0);
  return {
    total: some.reduce((sum, [rows]) => sum + rows, 0),
    reasons: some.map(([rows, reason]) => `${count(rows)} ${reason}`).join(", "),
  };
}

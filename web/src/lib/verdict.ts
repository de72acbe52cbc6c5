/** What a verdict on state asks of whoever reads it. */

import type { Verdict } from "../api/types";

type Part = Verdict["parts"][number];

/** Whether the server takes the change, given what the reader has allowed. */
export function isAllowed({ keeps_all, drops_state, worst }: Verdict, isApproved: boolean): boolean {
  return keeps_all || (worst !== "impossible" && (isApproved || drops_state));
}

export const FATES: Record<Part["fate"], string> = {
  kept: "kept",
  new: "new",
  gone: "gone",
  reset: "begins anew",
  impossible: "impossible",
};

/** In a sentence, before the parts. */
export function summary({ of, parts, keeps_all, worst }: Verdict): string {
  if (of === null) return "There is no state yet: it begins anew.";
  const whose = `the state of version ${of.version}`;
  if (worst === "impossible") return `It cannot go on from ${whose}.`;
  if (keeps_all) return `All of ${whose} is kept.`;
  const lost = parts.filter(({ fate }) => fate === "reset").length;
  const kept = parts.filter(({ fate }) => fate === "kept").length;
  return `Of ${whose}, ${lost} of ${lost + kept} parts would be lost.`;
}

/** Those that need a look first; the order of the text among equals. */
export function inOrder(parts: Part[]): Part[] {
  const weight = (part: Part) => (part.fate === "reset" || part.fate === "impossible" ? 0 : 1);
  return [...parts].sort((one, other) => weight(one) - weight(other));
}

export function placeOf({ before, after }: Part): string {
  if (after) return `line ${after.line}`;
  return before ? `line ${before.line} of the old text` : "";
}

/** A line diff with both line numbers. Long unchanged stretches are folded to the lines around a change. */

import { useLayoutEffect, useRef } from "react";
import type { DiffLine } from "../api/types";
import classes from "./DiffView.module.css";

const CONTEXT_LINES = 4;
const FOLDED_LINES_MIN = 3;

/** A diff in a box of limited height, which begins at the first change. */
export function DiffBox({
  lines,
  label,
  className,
}: {
  lines: DiffLine[];
  label: string;
  className?: string | undefined;
}) {
  const box = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines begin at another change
  useLayoutEffect(() => {
    const change = box.current?.querySelector("[data-op='+'], [data-op='-']");
    // With the line before it, so that one sees that there is something above.
    const from = change?.previousElementSibling ?? change;
    if (!box.current || !from) return;
    box.current.scrollTop += from.getBoundingClientRect().top - box.current.getBoundingClientRect().top;
  }, [lines]);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section that scrolls, so that the keyboard reaches it
    <div
      ref={box}
      className={`${classes.box} ${className ?? ""}`}
      role="region"
      aria-label="What changes"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
      tabIndex={0}
    >
      <DiffView lines={lines} label={label} />
    </div>
  );
}

export function DiffView({ lines, label }: { lines: DiffLine[]; label: string }) {
  let left = 0;
  let right = 0;
  const numbered = lines.map((line) => {
    if (line.op !== "+") left += 1;
    if (line.op !== "-") right += 1;
    return { ...line, left: line.op === "+" ? null : left, right: line.op === "-" ? null : right };
  });
  const near = nearChanges(lines);
  const shown = numbered.map((line, index) => ({ ...line, folded: !near[index] }));
  return (
    <table className={classes.diff} aria-label={label}>
      <tbody>
        {shown.map((line, index) =>
          line.folded ? (
            !shown[index - 1]?.folded && (
              // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place
              <tr key={index} className={classes.fold}>
                <td colSpan={3} />
                <td>⋯ {foldedCount(shown, index)} unchanged lines</td>
              </tr>
            )
          ) : (
            // biome-ignore lint/suspicious/noArrayIndexKey: lines have no other name than their place
            <tr key={index} data-op={line.op}>
              <td className={classes.number}>{line.left}</td>
              <td className={classes.number}>{line.right}</td>
              <td className={classes.op}>{line.op === "-" ? "−" : line.op}</td>
              <td className={classes.text}>{line.text || " "}</td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}

function nearChanges(lines: DiffLine[]): boolean[] {
  const near = lines.map(() => false);
  const isSame = lines.every((line) => line.op === " ");
  lines.forEach((line, index) => {
    if (!isSame && line.op === " ") return;
    const from = Math.max(0, index - CONTEXT_LINES);
    const to = Math.min(lines.length - 1, index + CONTEXT_LINES);
    for (let each = from; each <= to; each += 1) near[each] = true;
  });
  // Folding away a line or two hides more than it saves.
  near.forEach((isNear, index) => {
    if (!isNear && near[index - 1] !== false && near.indexOf(true, index) - index <= FOLDED_LINES_MIN) {
      const end = near.indexOf(true, index);
      near.fill(
        true,
        index,
        end === -1 ? (near.length - index <= FOLDED_LINES_MIN ? near.length : index) : end,
      );
    }
  });
  return near;
}

function foldedCount(lines: { folded: boolean }[], from: number): number {
  let end = from;
  while (lines[end]?.folded) end += 1;
  return end - from;
}

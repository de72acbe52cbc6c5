/** The lines that turn one text into another: the longest common subsequence, for texts that a person wrote. */

import type { DiffLine } from "../api/types";

/** Past this many cells (lines times lines, after what begins and ends alike) the whole middle is shown as replaced. */
const CELLS_MAX = 4_000_000;

export function diffLines(before: string, after: string): DiffLine[] {
  const left = before.split("\n");
  const right = after.split("\n");
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (
    end < left.length - start &&
    end < right.length - start &&
    left[left.length - 1 - end] === right[right.length - 1 - end]
  ) {
    end += 1;
  }
  const same = (text: string): DiffLine => ({ op: " ", text });
  return [
    ...left.slice(0, start).map(same),
    ...diffMiddle(left.slice(start, left.length - end), right.slice(start, right.length - end)),
    ...left.slice(left.length - end).map(same),
  ];
}

function diffMiddle(left: string[], right: string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ op: "-", text });
  const added = (text: string): DiffLine => ({ op: "+", text });
  if (left.length * right.length > CELLS_MAX) return [...left.map(removed), ...right.map(added)];
  const width = right.length + 1;
  // lengths[i * width + j]: of the longest common subsequence of left[i..] and right[j..].
  const lengths = new Uint32Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        left[i] === right[j]
          ? at(lengths, (i + 1) * width + j + 1) + 1
          : Math.max(at(lengths, (i + 1) * width + j), at(lengths, i * width + j + 1));
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    if (left[i] === right[j]) {
      lines.push({ op: " ", text: left[i] ?? "" });
      i += 1;
      j += 1;
    } else if (at(lengths, (i + 1) * width + j) >= at(lengths, i * width + j + 1)) {
      lines.push(removed(left[i] ?? ""));
      i += 1;
    } else {
      lines.push(added(right[j] ?? ""));
      j += 1;
    }
  }
  return [...lines, ...left.slice(i).map(removed), ...right.slice(j).map(added)];
}

function at(values: Uint32Array, index: number): number {
  return values[index] ?? 0;
}

import { expect, it } from "vitest";
import { diffLines } from "./diff";

function check(before: string, after: string, expected: string[]) {
  expect(diffLines(before, after).map(({ op, text }) => op + text)).toEqual(expected);
}

it("shows equal texts as unchanged", () => check("a\nb", "a\nb", [" a", " b"]));
it("shows a line in the middle as replaced", () => check("a\nb\nc", "a\nx\nc", [" a", "-b", "+x", " c"]));
it("finds lines that moved past added ones", () =>
  check("a\nb\nc", "b\nnew\nc\nd", ["-a", " b", "+new", " c", "+d"]));
it("copes with an empty text", () => check("", "a", ["-", "+a"]));

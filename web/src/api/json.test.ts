import { expect, it } from "vitest";
import { parseExact } from "./json";

function check(text: string, expected: unknown) {
  expect(parseExact(text)).toEqual(expected);
}

it("keeps a BIGINT past 2^53 as text", () =>
  check('{"id":9223372036854775807}', { id: "9223372036854775807" }));
it("keeps trailing zeros of a decimal", () => check("[1.50, -0.10, 1.0]", ["1.50", "-0.10", "1.0"]));
it("makes numbers of what JavaScript holds exactly", () =>
  check("[0, -1, 42, 9007199254740991, 0.5]", [0, -1, 42, 9007199254740991, 0.5]));
it("keeps numbers out of range as text", () =>
  check("[1e400, 123456789.123456789123]", ["1e400", "123456789.123456789123"]));
it("leaves digits inside texts alone", () =>
  check('{"12345678901234567890":"12345678901234567890"}', {
    "12345678901234567890": "12345678901234567890",
  }));
it("is not misled by escaped quotes and backslashes", () =>
  check('["a\\"1.50", "b\\\\", 1.50, "\\\\\\""]', ['a"1.50', "b\\", "1.50", '\\"']));
it("refuses what is not JSON", () => {
  expect(() => parseExact('{"a": "x')).toThrow();
  expect(() => parseExact("{a:1}")).toThrow();
});
it("takes a long text without running out of stack", () => {
  const long = "x".repeat(3_000_000);
  check(JSON.stringify([long]), [long]);
});

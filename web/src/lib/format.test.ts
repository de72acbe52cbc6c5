import { describe, expect, it } from "vitest";
import { ago, bytes, cellText, compact, duration } from "./format";

describe("numbers for people", () => {
  it.each([
    [0, "0"],
    [0.25, "0.3"],
    [9.96, "10"],
    [999, "999"],
    [999.7, "1000"],
    [12_345, "12.3k"],
    [99_960, "100k"],
    [999_960, "1.0M"],
    [1_234_567_890, "1.2G"],
    [-1500, "-1.5k"],
  ])("%d is %s", (value, text) => expect(compact(value)).toBe(text));

  it.each([
    [512, "512 B"],
    [1536, "1.5 KiB"],
    [300 * 1024 * 1024, "300 MiB"],
  ])("%d bytes are %s", (value, text) => expect(bytes(value)).toBe(text));

  it.each([
    [250, "250 ms"],
    [1500, "1.5 s"],
    [61_000, "1 min 1 s"],
    [3_600_000, "1 h"],
    [90_061_000, "25 h 1 min"],
    [-1500, "−1.5 s"],
  ])("%d ms are %s", (value, text) => expect(duration(value)).toBe(text));
});

it("tells times before and after now", () => {
  const now = Date.parse("2026-11-22T12:00:00.000Z");
  expect(ago("2026-11-22T11:55:00.000Z", now)).toBe("5 min ago");
  expect(ago("2026-11-25T12:00:00.000Z", now)).toBe("in 3 d");
  expect(ago("2026-11-22T12:00:01.000Z", now)).toBe("just now");
});

it("shows nested cells as JSON and keeps texts as they are", () => {
  expect(cellText({ a: [1, null] })).toBe('{"a":[1,null]}');
  expect(cellText("<b>")).toBe("<b>");
  expect(cellText(null)).toBe("NULL");
});

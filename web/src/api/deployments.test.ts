import { expect, it } from "vitest";
import { newer } from "./deployments";
import type { Deployment } from "./types";

const told = (phase: Deployment["phase"], updated_at: string) => ({ phase, updated_at }) as Deployment;

it("does not take an answer that something newer has overtaken", () => {
  const stopped = told("stopped", "2026-11-29T11:00:00.002Z");
  expect(newer(stopped, told("running", "2026-11-29T11:00:00.001Z"))).toBe(stopped);
});

it("takes what is newer, what is as old, and the first that is told", () => {
  const known = told("running", "2026-11-29T11:00:00.001Z");
  for (const next of [told("stopped", "2026-11-29T11:00:00.002Z"), told("running", known.updated_at)]) {
    expect(newer(known, next)).toBe(next);
  }
  expect(newer(undefined, known)).toBe(known);
});

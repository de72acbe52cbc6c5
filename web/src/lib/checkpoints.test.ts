import { expect, it } from "vitest";
import type { Checkpoint, CheckpointMetrics } from "../api/types";
import { lastCheckpoint } from "./checkpoints";

const kept = (number: number): Checkpoint => ({
  number,
  bytes: 100,
  origin: {
    run_id: "rn_1",
    parallelism: 2,
    began_at: "2026-11-29T11:00:00.250Z",
    taken_at: "2026-11-29T11:00:01.000Z",
    is_last: false,
  },
});
const damaged = (number: number): Checkpoint => ({ number, bytes: 3, origin: null });
const told = (number: number): CheckpointMetrics => ({
  restored: null,
  restored_savepoint: null,
  completed: number,
  failed: 0,
  last: { number, at: "2026-11-29T11:00:05.000Z", duration_ms: 900, bytes: 120 },
});

it("takes what the run tells, unless something newer is retained", () => {
  expect(lastCheckpoint(told(8), [kept(8), kept(7)])).toEqual(told(8).last);
  expect(lastCheckpoint(told(8), [kept(7)])).toEqual(told(8).last);
  expect(lastCheckpoint(told(8), [kept(9), kept(8)])).toEqual({
    number: 9,
    at: "2026-11-29T11:00:01.000Z",
    duration_ms: 750,
    bytes: 100,
  });
});

it("finds those of runs before, and passes over what is damaged", () => {
  const begun: CheckpointMetrics = {
    restored: 7,
    restored_savepoint: null,
    completed: 0,
    failed: 0,
    last: null,
  };
  expect(lastCheckpoint(begun, [damaged(8), kept(7)])?.number).toBe(7);
  expect(lastCheckpoint(undefined, [kept(7)])?.number).toBe(7);
});

it("knows none where there is none", () => {
  expect(lastCheckpoint(undefined, [])).toBeNull();
  expect(lastCheckpoint(undefined, [damaged(8)])).toBeNull();
});

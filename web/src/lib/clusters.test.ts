import { expect, it } from "vitest";
import type { UsableCluster } from "../api/types";
import { clusterLabel, freeSlots } from "./clusters";

const SILENT: UsableCluster = {
  name: "lab",
  unreachable: "the JobManager does not answer",
  version: null,
  task_managers: null,
  slots_total: null,
  slots_available: null,
  jobs_running: null,
};
const BUSY: UsableCluster = {
  name: "prod",
  unreachable: null,
  version: "2.1.0",
  task_managers: 2,
  slots_total: 4,
  slots_available: 0,
  jobs_running: 3,
};

it("says how many slots are free, though it be none", () => {
  expect(freeSlots(BUSY)).toBe("0 of 4 slots free");
  expect(freeSlots({ slots_available: 1, slots_total: 1 })).toBe("1 of 1 slot free");
});

it("says nothing of the slots of a cluster that does not answer", () => {
  expect(freeSlots(SILENT)).toBeNull();
});

it("tells one that does not answer from one that is full", () => {
  expect([BUSY, SILENT].map(clusterLabel)).toEqual(["prod · 0 of 4 slots free", "lab · unreachable"]);
});

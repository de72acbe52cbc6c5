/** Flink clusters: one that answers, and one that does not. */

import { before, DAY } from "./ids.mjs";

export function makeClusters() {
  return [
    {
      name: "flink-lab",
      address: "http://flink-lab:8081",
      storage: "file:///mnt/shared/oceanus",
      workspaces: ["demo", "empty"],
      unreachable: "the JobManager does not answer: io: Connection refused",
      version: null,
      task_managers: null,
      slots_total: null,
      slots_available: null,
      jobs_running: null,
      created_at: before(12 * DAY),
      updated_at: before(12 * DAY),
    },
    {
      name: "flink-prod",
      address: "http://flink-prod-jobmanager.streaming.svc:8081",
      storage: "s3://oceanus-state/flink-prod",
      workspaces: ["demo"],
      unreachable: null,
      version: "2.1.0",
      task_managers: 2,
      slots_total: 4,
      slots_available: 3,
      jobs_running: 1,
      created_at: before(40 * DAY),
      updated_at: before(6 * DAY),
    },
  ];
}

/** Checkpoints: what a job that runs takes every ten seconds, and what one leaves that has ended. */

import { runsOf } from "./deployments.mjs";
import { at } from "./ids.mjs";

const INTERVAL_MS = 10_000;
const RETAINED = 2;
/** They are numbered over all runs: how many there were before the newest one. */
const EARLIER = 1_840;
/** Phases that a job comes to in order, and with a last checkpoint. */
const IN_ORDER = ["stopped", "suspended", "finished"];

/** The one whose disk has faults. */
const isFaulty = ({ name }) => name === "late shipments";

const bytesOf = (number) => Math.floor(64e6 + 3e6 * Math.sin(number / 7));
const tookMs = (number) => 180 + ((number * 37) % 90);

/** When the newest run has begun, and where it is now or has ended. */
function timesOf([run], nowMs) {
  return [Date.parse(run.started_at), run.ended_at ? Date.parse(run.ended_at) : nowMs];
}

export function checkpointsOf(deployment, nowMs) {
  const runs = runsOf(deployment);
  if (runs.length === 0) return [];
  const [startedMs, endMs] = timesOf(runs, nowMs);
  const completed = Math.floor((endMs - startedMs) / INTERVAL_MS);
  const endsInOrder = IN_ORDER.includes(deployment.phase);
  return Array.from({ length: RETAINED }, (_, back) => {
    const number = EARLIER + completed - back;
    if (back === 0 && isFaulty(deployment)) return { number, bytes: 21_300_000, origin: null };
    const isLast = back === 0 && endsInOrder;
    const takenMs = isLast ? endMs : startedMs + (completed - back) * INTERVAL_MS;
    const origin = {
      run_id: runs[0].id,
      parallelism: runs[0].parallelism,
      began_at: at(isLast ? takenMs : takenMs - tookMs(number)),
      taken_at: at(takenMs),
      is_last: isLast,
    };
    return { number, bytes: bytesOf(number), origin };
  });
}

/** @param beginsAnew people have asked for it */
export function checkpointMetricsAt(deployment, nowMs, beginsAnew) {
  const [startedMs, endMs] = timesOf(runsOf(deployment), nowMs);
  const completed = Math.floor((endMs - startedMs) / INTERVAL_MS);
  const number = EARLIER + completed;
  // The last one of all has no barrier to wait for.
  const isLast = IN_ORDER.includes(deployment.phase);
  return {
    restored: beginsAnew ? null : EARLIER,
    restored_savepoint: null,
    completed,
    failed: isFaulty(deployment) ? 2 : 0,
    last: {
      number,
      at: at((isLast ? endMs : startedMs + completed * INTERVAL_MS) + 40),
      duration_ms: (isLast ? 0 : tookMs(number)) + 40,
      bytes: bytesOf(number),
    },
  };
}

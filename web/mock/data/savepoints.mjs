/** Savepoints of some deployments, and what becomes of state in another version. */

import { runsOf } from "./deployments.mjs";
import { before, DAY, id } from "./ids.mjs";

/** Of whom there are some: done, failed, and one that is awaited. */
const NAMES = ["hot auctions", "clicks to warehouse"];

export function makeSavepoints(deployments) {
  return deployments
    .filter(({ name }) => NAMES.includes(name))
    .flatMap((deployment, index) => [
      savepoint(deployment, { name: "", age: 20_000, status: "pending" }),
      // Each deployment's newest is older than that of the one before.
      savepoint(deployment, { name: "before the new fees", age: (2 + index) * DAY, bytes: 66_300_000 }),
      savepoint(deployment, {
        name: "before the sale",
        age: 9 * DAY,
        status: "failed",
        reason: "write '/data/savepoints': no space left on device",
      }),
      savepoint(deployment, { name: "for the night", age: 30 * DAY, bytes: 41_900_000, at_stop: true }),
    ])
    .sort((a, b) => b.created_at.localeCompare(a.created_at));
}

export function savepoint(
  deployment,
  { name, age, status = "done", bytes = 0, reason = null, at_stop = false },
) {
  const isDone = status === "done";
  return {
    id: id("sp"),
    workspace: deployment.workspace,
    deployment_id: deployment.id,
    deployment_name: deployment.name,
    draft_id: deployment.draft_id,
    version: deployment.version,
    name,
    at_stop,
    status,
    reason,
    created_by: "ada",
    created_at: before(age),
    ended_at: status === "pending" ? null : before(age - 900),
    taken: isDone
      ? { run_id: runsOf(deployment)[0].id, epoch: 3, parallelism: 2, taken_at: before(age - 800), bytes }
      : null,
  };
}

const span = (line, end_line, start, end) => ({ line, column: 1, end_line, end_column: 20, start, end });

/** The first version has another key than all others, and reads a table less. */
export function verdictOf(of, version) {
  if (of === null) return { of, worst: "kept", keeps_all: true, drops_state: false, parts: [] };
  const isLost = (of.version === 1) !== (version === 1);
  const part = (kind, name, keeps, more = {}) => ({
    kind,
    fate: "kept",
    name,
    keeps,
    reason: null,
    before: span(2, 9, 82, 350),
    after: span(2, 9, 82, 350),
    ...more,
  });
  return {
    of,
    worst: isLost ? "reset" : "kept",
    keeps_all: !isLost,
    drops_state: false,
    parts: [
      part("source", "bids", "how far it was read"),
      ...(isLost
        ? [
            part("source", "fees", "how far it was read", {
              fate: "new",
              reason: "it was not read before: it is read from where its options say",
              before: null,
            }),
            part("operator", "windows with GROUP BY", "per key and slice, until the window closes", {
              fate: "reset",
              reason: "its key was auction and is now auction, channel; it begins anew",
            }),
          ]
        : [part("operator", "windows with GROUP BY", "per key and slice, until the window closes")]),
      part("sink", "hot_auctions", "what was written and cannot be seen yet"),
    ],
  };
}

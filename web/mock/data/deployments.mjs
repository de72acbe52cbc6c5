/** Deployments in every phase, their runs, their plan, what they count and what they log. */

import { at, before, DAY, id } from "./ids.mjs";

const memoryFailure = {
  cause: "memory",
  diagnostics: [
    {
      severity: "error",
      kind: "runtime",
      message:
        "the job needs more memory than it may have: 1024 MiB, of which 987 MiB are state of interval_join",
      hint: "Raise the parallelism, shorten the interval, or give the job more memory.",
      span: { line: 9, column: 1, end_line: 12, end_column: 63, start: 310, end: 470 },
    },
  ],
};
const dataFailure = {
  cause: "runtime",
  diagnostics: [
    {
      severity: "error",
      kind: "runtime",
      message: "'n/a' in field 'amount' is no DECIMAL(10, 2), at /data/in/payments-0007.csv line 48121",
      hint: "Set 'csv.ignore-parse-errors' = 'true' to drop such fields, or correct the file.",
      span: { line: 3, column: 22, end_line: 3, end_column: 28, start: 84, end: 90 },
    },
  ],
};

const stateFailure = {
  cause: "state",
  diagnostics: [
    {
      severity: "error",
      kind: "validation",
      message: "the snapshot holds state of operators that the job does not have",
      hint: "start the job without its state, or let what is not used be dropped: SET 'execution.state-recovery.ignore-unclaimed-state' = 'true'",
      span: { line: 2, column: 1, end_line: 10, end_column: 23, start: 82, end: 350 },
    },
  ],
};

const DEPLOYED = [
  ["hot auctions", "running", "running", {}],
  ["card fraud", "failed", "running", { last_error: memoryFailure }],
  ["orders by shop", "running", "running", { parallelism: 1, engine: "flink", cluster: "flink-prod" }],
  [
    "late shipments",
    "recovering",
    "running",
    {
      last_error: dataFailure,
      conditions: [{ kind: "back_off", since: before(42_000), message: "attempt 4 follows in 16 s" }],
    },
  ],
  ["sessions of visitors", "running", "running", {}],
  ["stock levels", "suspended", "suspended", {}],
  [
    "currency rates",
    "pending",
    "running",
    {
      conditions: [
        {
          kind: "waiting_for_capacity",
          since: before(310_000),
          message: "needs 2 cores, of which 0 of 4 are free",
        },
      ],
    },
  ],
  ["clicks to warehouse", "failed", "running", { last_error: stateFailure }],
  ["price changes", "stopped", "stopped", {}],
  ["running count", "running", "running", {}],
  ["refund rate", "finished", "running", {}],
  ["device heartbeat", "running", "running", {}],
  [
    "a very long name that someone gave a job once because they wanted to say all of it, which is fine",
    "running",
    "running",
    {},
  ],
];

export function makeDeployments(drafts, versions) {
  return DEPLOYED.map(([name, phase, desired, more], index) => {
    const of = drafts.find((each) => each.name === name);
    return {
      id: id("dp"),
      workspace: "demo",
      name,
      draft_id: of.id,
      version: versions.get(of.id)[0]?.number ?? 1,
      engine: "embedded",
      cluster: null,
      parallelism: 2,
      desired,
      revision: 5,
      generation: 3,
      observed_generation: 3,
      phase,
      conditions: [],
      restore_savepoint: null,
      last_error: null,
      created_at: before(9 * DAY),
      updated_at: before(index * 4_700_000 + 70_000),
      ...more,
    };
  });
}

export function runsOf({ id: deploymentId, phase, version, last_error, parallelism }) {
  if (phase === "pending" && !last_error) return [];
  const run = (attempt, changes) => ({
    id: `rn_${deploymentId.slice(3, 27)}${attempt}`,
    deployment_id: deploymentId,
    attempt,
    epoch: attempt,
    version,
    parallelism: parallelism ?? 2,
    memory_bytes_max: 1024 * 1024 * 1024,
    phase: "failed",
    started_at: before(attempt === 1 ? 2.2 * DAY : 1.1 * DAY),
    ended_at: before(DAY),
    failure: dataFailure,
    pid: null,
    ...changes,
  });
  const isOver = ["failed", "finished", "stopped", "suspended"].includes(phase);
  return [
    run(3, {
      phase,
      started_at: before(isOver ? 5_400_000 : 3_725_000),
      ended_at: isOver ? before(1_200_000) : null,
      failure: phase === "failed" ? last_error : null,
      pid: isOver ? null : 48_213,
    }),
    run(2, { started_at: before(6 * 3_600_000), ended_at: before(5_600_000), failure: memoryFailure }),
    run(1, {}),
  ];
}

const operator = (id, name, inside, state = null) => ({
  id: `0.${id}`,
  name,
  detail: `${name}(${inside})`,
  inputs: id === 0 ? [] : [`0.${id - 1}`],
  state,
  statement: 0,
  span: null,
});

const NODES = [
  operator(
    0,
    "Source",
    "table=[default_catalog.auctions.events], read=[event_type, bid], rowtime=[event_time]",
    "read positions",
  ),
  operator(
    1,
    "Calc",
    "select=[bid.auction AS auction, bid.bidder AS bidder, bid.price AS price, event_time], where=[(event_type = 2)]",
  ),
  operator(
    2,
    "LocalWindowAggregate",
    "keys=[auction], window=[TUMBLE(size=[10 s]) over event_time], aggregates=[COUNT(*), COUNT(DISTINCT bidder), MAX(price)]",
    "per key and slice, until the chunk ends",
  ),
  operator(
    3,
    "GlobalWindowAggregate",
    "keys=[auction], window=[TUMBLE(size=[10 s])], aggregates=[COUNT(..), COUNT(..), MAX(..)], properties=[start]",
    "per key and slice, until the window closes",
  ),
  operator(
    4,
    "Calc",
    "select=[window_start, auction, agg$0 AS bids, agg$1 AS bidders, agg$2 AS highest], where=[(agg$0 >= 100)]",
  ),
  operator(
    5,
    "Sink",
    "table=[default_catalog.auctions.hot_auctions], columns=[window_start, auction, bids, bidders, highest]",
  ),
];

export const PLAN = {
  nodes: NODES,
  edges: NODES.slice(1).map(({ id, inputs }) => ({
    from: inputs[0],
    to: id,
    exchange: id === "0.3" ? "hash[auction]" : "forward",
  })),
  is_bounded: false,
};

/** What a job would have counted after running for so long, `checkpoints` apart. */
export function metricsAt(startedMs, nowMs, checkpoints) {
  const seconds = (nowMs - startedMs) / 1000;
  const wave = 10_000 * (1 + 0.12 * Math.sin(seconds / 9) + 0.03 * Math.sin(seconds * 1.7));
  const rowsIn = Math.floor(
    10_000 * seconds + 10_800 * (1 - Math.cos(seconds / 9)) + 180 * Math.sin(seconds * 1.7),
  );
  const bids = Math.floor(rowsIn * 0.92);
  const windows = Math.floor(seconds / 10);
  const counts = [
    [rowsIn, rowsIn],
    [rowsIn, bids],
    [bids, windows * 920],
    [windows * 920, windows * 460],
    [windows * 460, windows * 41],
    [windows * 41, windows * 41],
  ];
  const lag = 1_050 + 320 * Math.sin(seconds / 5) ** 2;
  return {
    rows_in: rowsIn,
    rows_out: windows * 41,
    rows_in_per_second: wave,
    watermark: at(nowMs - lag),
    late_rows: 17,
    refired_rows: 5,
    redirected_rows: 0,
    null_time_rows: 0,
    null_rows: 0,
    unreadable_rows: 3,
    timed_out_lookups: 0,
    memory_bytes: Math.floor(214e6 + 38e6 * Math.sin(seconds / 13) + 9e6 * Math.sin(seconds)),
    at: at(nowMs),
    checkpoints,
    nodes: PLAN.nodes.map(({ id: node, name }, index) => ({
      id: node,
      name,
      rows_in: counts[index][0],
      rows_out: counts[index][1],
      late_rows: index === 2 ? 17 : 0,
      refired_rows: index === 2 ? 5 : 0,
      redirected_rows: 0,
      null_time_rows: 0,
      null_rows: 0,
      unreadable_rows: index === 0 ? 3 : 0,
      timed_out_lookups: 0,
      state_bytes: index === 2 ? 4_300_000 : index === 3 ? 61_200_000 : 0,
      spilled_bytes: index === 3 ? 240_000_000 : 0,
      spill_lookups: index === 3 ? 91_400 : 0,
      busy_us: Math.floor(seconds * [230_000, 160_000, 340_000, 95_000, 1_000, 12_000][index]),
      watermark: at(nowMs - lag - index * 40),
    })),
  };
}

export function logLines(from, count, startedMs) {
  return Array.from({ length: count }, (_, offset) => {
    const number = from + offset;
    const time = at(startedMs + number * 2_130);
    const lines = [
      `${time}  INFO oceanus_engine::shard: window fired shard=0 start="${time.slice(0, 19)}" groups=${412 + (number % 71)}`,
      `${time}  INFO oceanus_connectors::filesystem: file committed name=part-0-${number}.json rows=${31 + (number % 23)}`,
      `${time} DEBUG oceanus_engine::exchange: coalesced chunks=14 rows=4096`,
      `${time}  WARN oceanus_engine::watermark: split behind split=3 lag_ms=${1800 + (number % 900)}`,
      `${time}  INFO oceanus_embedded::worker: heartbeat memory_bytes=${214_000_000 + number * 311}`,
    ];
    if (number % 97 === 41) {
      return `${time} ERROR oceanus_formats::json: row dropped table=events reason="expected a value" drop=${number}`;
    }
    return lines[number % lines.length];
  });
}

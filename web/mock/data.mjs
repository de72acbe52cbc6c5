/** Plausible data for the mock server: one full workspace, one empty one. Made anew at every start; nothing is kept. */

const DAY = 86_400_000;
const NOW = Date.now();

export const at = (ms) => new Date(ms).toISOString();
const before = (ms) => at(NOW - ms);

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
let serial = 0;

export function id(prefix) {
  serial += 1;
  let text = "";
  let rest = serial * 7919;
  for (let place = 0; place < 26; place += 1) {
    text = ALPHABET[(rest + place * 11) % 32] + text;
    rest = Math.floor(rest / 3) + place;
  }
  return `${prefix}_01k${text.slice(3)}`;
}

const AUCTIONS_SQL = `-- A live auction house: for every ten seconds, the auctions that drew most bids.
INSERT INTO hot_auctions
SELECT
  window_start,
  auction,
  COUNT(*) AS bids,
  COUNT(DISTINCT bidder) AS bidders,
  MAX(price) AS highest
FROM TUMBLE(TABLE bids, DESCRIPTOR(event_time), INTERVAL '10' SECOND)
GROUP BY window_start, window_end, auction
HAVING COUNT(*) >= 100;
`;

const FRAUD_SQL = `-- Cards used in two countries within ten minutes.
CREATE TEMPORARY VIEW foreign_payments AS
SELECT card, country, amount, paid_at
FROM payments
WHERE status = 'captured' AND amount > 50.00;

INSERT INTO suspicious_cards
SELECT a.card, a.country AS first_country, b.country AS second_country, a.amount + b.amount AS amount, b.paid_at
FROM foreign_payments a
JOIN foreign_payments b
  ON a.card = b.card
  AND a.country <> b.country
  AND b.paid_at BETWEEN a.paid_at AND a.paid_at + INTERVAL '10' MINUTE;
`;

const NAMES = [
  "hot auctions",
  "card fraud",
  "orders by shop",
  "late shipments",
  "sessions of visitors",
  "stock levels",
  "currency rates",
  "clicks to warehouse",
  "price changes",
  "running count",
  "device heartbeat",
  "refund rate",
  "search terms, top 20",
  "basket value",
  "door sensors",
  "payments by country",
  "error budget",
  "dedup of events",
  "user profile join",
  "ad impressions",
];
const PEOPLE = ["ada", "grace", "edsger", "barbara"];

const user = (name, isAdmin, days) => ({
  id: id("us"),
  name,
  is_admin: isAdmin,
  created_at: before(days * DAY),
});
export const users = [
  user("ada", true, 90),
  user("grace", false, 62),
  user("edsger", false, 61),
  user("barbara", false, 20),
];

function draft(name, index) {
  return {
    id: id("dr"),
    workspace: "demo",
    name,
    sql: index === 1 ? FRAUD_SQL : AUCTIONS_SQL,
    settings: index % 3 === 0 ? { "table.local-time-zone": "UTC", "parallelism.default": "2" } : {},
    revision: 12 + index,
    created_at: before(40 * DAY - index * DAY),
    updated_at: before(index * index * 1_400_000 + 95_000),
    updated_by: PEOPLE[index % PEOPLE.length],
  };
}
const drafts = Array.from({ length: 64 }, (_, index) =>
  draft(
    index < NAMES.length
      ? NAMES[index]
      : `${NAMES[index % NAMES.length]} ${Math.floor(index / NAMES.length) + 1}`,
    index,
  ),
);

const COMMENTS = ["count bidders once", "ten seconds instead of thirty", "", "first"];
const versions = new Map(
  drafts.map(({ id: draftId, sql, settings, updated_by }, index) => {
    const count = index < 8 ? 4 : index < 20 ? 1 : 0;
    return [
      draftId,
      Array.from({ length: count }, (_, back) => {
        const number = count - back;
        return {
          draft_id: draftId,
          number,
          sql:
            number === count
              ? sql
              : sql
                  .replace("'10' SECOND", number === 3 ? "'10' SECOND" : "'30' SECOND")
                  .replace("  COUNT(DISTINCT bidder) AS bidders,\n", ""),
          settings,
          catalog_ddl: "CREATE TABLE events (id BIGINT) WITH ('connector' = 'nexmark');",
          comment: COMMENTS[back] ?? "",
          created_at: before((back + 1) * 2.6 * DAY),
          created_by: PEOPLE[(index + back) % PEOPLE.length] ?? updated_by,
        };
      }),
    ];
  }),
);

const memoryFailure = {
  cause: "memory",
  message:
    "the job needs more memory than it may have: 1024 MiB, of which 987 MiB are state of interval_join",
  hint: "Raise the parallelism, shorten the interval, or give the job more memory.",
  diagnostics: [],
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

const DEPLOYED = [
  ["hot auctions", "running", "running", {}],
  ["card fraud", "failed", "running", { last_error: memoryFailure }],
  ["orders by shop", "running", "running", { parallelism: 2 }],
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
  ["clicks to warehouse", "running", "running", {}],
  ["price changes", "stopped", "stopped", {}],
  ["running count", "running", "running", {}],
  ["refund rate", "finished", "running", {}],
  ["device heartbeat", "running", "running", {}],
];

const deployments = DEPLOYED.map(([name, phase, desired, more], index) => {
  const of = drafts.find((each) => each.name === name);
  return {
    id: id("dp"),
    workspace: "demo",
    name,
    draft_id: of.id,
    version: versions.get(of.id)[0]?.number ?? 1,
    engine: "embedded",
    parallelism: null,
    desired,
    revision: 5,
    generation: 3,
    observed_generation: 3,
    phase,
    conditions: [],
    last_error: null,
    created_at: before(9 * DAY),
    updated_at: before(index * 4_700_000 + 70_000),
    ...more,
  };
});

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

export const PLAN = {
  nodes: [
    {
      id: "0.0",
      name: "nexmark source",
      detail: "events: event_type, bid.auction, bid.bidder, bid.price, bid.dateTime",
      inputs: [],
    },
    { id: "0.1", name: "watermark", detail: "event_time - INTERVAL '1' SECOND", inputs: ["0.0"] },
    {
      id: "0.2",
      name: "filter and project",
      detail: "event_type = 2 → auction, bidder, price, event_time",
      inputs: ["0.1"],
    },
    {
      id: "0.3",
      name: "window aggregate, local",
      detail: "TUMBLE 10 s: count, count distinct bidder, max price",
      inputs: ["0.2"],
      state: "slices",
    },
    {
      id: "0.4",
      name: "window aggregate, global",
      detail: "by auction, window_start",
      inputs: ["0.3"],
      state: "slices by key",
    },
    { id: "0.5", name: "filter", detail: "bids >= 100", inputs: ["0.4"] },
    { id: "0.6", name: "filesystem sink", detail: "hot_auctions: json, rolls every 60 s", inputs: ["0.5"] },
  ],
  edges: [
    { from: "0.0", to: "0.1", exchange: null },
    { from: "0.1", to: "0.2", exchange: null },
    { from: "0.2", to: "0.3", exchange: null },
    { from: "0.3", to: "0.4", exchange: "hash" },
    { from: "0.4", to: "0.5", exchange: null },
    { from: "0.5", to: "0.6", exchange: null },
  ],
};

/** What a job would have counted after running for so long. */
export function metricsAt(startedMs, nowMs) {
  const seconds = (nowMs - startedMs) / 1000;
  const wave = 10_000 * (1 + 0.12 * Math.sin(seconds / 9) + 0.03 * Math.sin(seconds * 1.7));
  const rowsIn = Math.floor(
    10_000 * seconds + 10_800 * (1 - Math.cos(seconds / 9)) + 180 * Math.sin(seconds * 1.7),
  );
  const bids = Math.floor(rowsIn * 0.92);
  const windows = Math.floor(seconds / 10);
  const counts = [
    [0, rowsIn],
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
    memory_bytes: Math.floor(214e6 + 38e6 * Math.sin(seconds / 13) + 9e6 * Math.sin(seconds)),
    at: at(nowMs),
    nodes: PLAN.nodes.map(({ id: node, name }, index) => ({
      id: node,
      name,
      rows_in: counts[index][0],
      rows_out: counts[index][1],
      late_rows: index === 3 ? 17 : 0,
      state_bytes: index === 3 ? 4_300_000 : index === 4 ? 61_200_000 : 0,
      busy_us: Math.floor(seconds * [210_000, 20_000, 160_000, 340_000, 95_000, 1_000, 12_000][index]),
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

const EVENTS_COLUMNS = [
  { name: "event_type", type: "INT", kind: "physical", comment: "0 person, 1 auction, 2 bid" },
  {
    name: "person",
    type: "ROW<`id` BIGINT, `name` STRING, `emailAddress` STRING, `city` STRING, `state` STRING>",
    kind: "physical",
    comment: null,
  },
  {
    name: "bid",
    type: "ROW<`auction` BIGINT, `bidder` BIGINT, `price` BIGINT, `channel` STRING>",
    kind: "physical",
    comment: null,
  },
  {
    name: "event_time",
    type: "TIMESTAMP(3) *ROWTIME*",
    kind: "computed",
    comment: "the time of whichever is there",
  },
];
const PAYMENTS_COLUMNS = [
  { name: "id", type: "BIGINT NOT NULL", kind: "physical", comment: "past 2^53 on purpose" },
  { name: "card", type: "STRING", kind: "physical", comment: null },
  { name: "country", type: "CHAR(2)", kind: "physical", comment: "ISO 3166" },
  { name: "amount", type: "DECIMAL(10, 2)", kind: "physical", comment: null },
  { name: "status", type: "STRING", kind: "physical", comment: null },
  { name: "paid_at", type: "TIMESTAMP(3) *ROWTIME*", kind: "physical", comment: null },
];

const table = (name, connector, columns = PAYMENTS_COLUMNS, kind = "table") => ({
  name,
  kind,
  connector,
  columns,
});
const databases = {
  shop: [
    table("payments", "filesystem"),
    table("orders", "datagen"),
    table("suspicious_cards", "filesystem"),
    table("refunds", "filesystem"),
  ],
  auctions: [
    table("events", "nexmark", EVENTS_COLUMNS),
    table("bids", null, PAYMENTS_COLUMNS, "view"),
    table("hot_auctions", "filesystem"),
  ],
  scratch: [],
};

export function ddlOf({ name, kind, connector, columns }) {
  if (kind === "view")
    return `CREATE VIEW ${name} AS\nSELECT bid.auction AS auction, bid.bidder AS bidder, bid.price AS price, event_time\nFROM events\nWHERE event_type = 2;\n`;
  const lines = columns.map((column) => `  \`${column.name}\` ${column.type.replace(" *ROWTIME*", "")}`);
  return `CREATE TABLE ${name} (\n${lines.join(",\n")},\n  WATERMARK FOR \`${columns.at(-1).name}\` AS \`${columns.at(-1).name}\` - INTERVAL '1' SECOND\n) WITH (\n  'connector' = '${connector}',\n  'path' = '/data/${name}',\n  'format' = 'json'\n);\n`;
}

export function sampleRow(column, index) {
  const base = column.type.split(/[( <]/)[0];
  if (base === "BIGINT") return `90071992547${String(40991 + index * 37).padStart(6, "0")}`;
  if (base === "INT") return (index * 7) % 3;
  if (base === "DECIMAL") return (index * 13.37 + 4.5).toFixed(2);
  if (base === "CHAR") return ["DE", "NL", "GB", "PT"][index % 4];
  if (base === "TIMESTAMP")
    return at(NOW - index * 1_337)
      .replace("T", " ")
      .replace("Z", "");
  if (base === "ROW")
    return { id: String(1000 + index), name: "Grace", channel: index % 3 ? null : "<b>web</b>" };
  if (column.name === "status") return index % 5 === 4 ? null : "captured";
  return ["4111 **** **** 1881", "5500 **** **** 0004", "<script>alert(1)</script>"][index % 3];
}

const ACTIONS = [
  ["draft.update", "job hot auctions", { revision: 12 }],
  ["deployment.update", "deployment card fraud", { desired: "running", version: 4 }],
  ["version.create", "job hot auctions, version 4", { comment: "count bidders once" }],
  ["secret.set", "secret kafka-password", {}],
  ["member.set", "member grace", { role: "operator" }],
  ["session.create", "user ada", { address: "127.0.0.1" }],
  ["catalog.execute", "table shop.payments", { statement: "CREATE TABLE" }],
];
const audit = Array.from({ length: 230 }, (_, index) => {
  const [action, subject, detail] = ACTIONS[(index * 5) % ACTIONS.length];
  return {
    id: 5_230 - index,
    at: before(index * 1_900_000 + 61_000),
    actor: PEOPLE[(index * 3) % PEOPLE.length],
    workspace: "demo",
    action,
    subject,
    detail,
  };
});

export const tokens = [
  {
    id: id("tk"),
    name: "continuous integration",
    user: users[0].id,
    workspace: "demo",
    role: "developer",
    expires_at: at(NOW + 21 * DAY),
    created_at: before(9 * DAY),
    last_used_at: before(260_000),
  },
  {
    id: id("tk"),
    name: "nightly export",
    user: users[0].id,
    workspace: null,
    role: "viewer",
    expires_at: at(NOW - 2 * DAY),
    created_at: before(92 * DAY),
    last_used_at: before(3 * DAY),
  },
  {
    id: id("tk"),
    name: "laptop",
    user: users[0].id,
    workspace: null,
    role: "owner",
    expires_at: null,
    created_at: before(4 * DAY),
    last_used_at: null,
  },
];

const workspace = (name, displayName, content = {}) => ({
  name,
  display_name: displayName,
  created_at: before(90 * DAY),
  drafts: [],
  versions: new Map(),
  deployments: [],
  databases: {},
  secrets: [],
  connections: [],
  members: [],
  audit: [],
  ...content,
});

export const workspaces = new Map(
  [
    workspace("demo", "Demo", {
      drafts,
      versions,
      deployments,
      databases,
      audit,
      secrets: ["kafka-password", "warehouse-key", "webhook-token"].map((name, index) => ({
        name,
        created_at: before((30 - index * 9) * DAY),
        updated_at: before((12 - index * 5) * DAY),
      })),
      connections: [
        {
          name: "orders-kafka",
          kind: "kafka",
          options: {
            "properties.bootstrap.servers": "kafka-1:9092,kafka-2:9092",
            "properties.security.protocol": "SASL_SSL",
            "properties.sasl.password": "$" + "{secret.kafka-password}",
          },
        },
        { name: "landing", kind: "filesystem", options: { path: "/data/landing", format: "json" } },
      ],
      members: users.map(({ id: member, name }, index) => ({
        workspace: "demo",
        user: member,
        user_name: name,
        role: ["owner", "operator", "developer", "viewer"][index],
      })),
    }),
    workspace("empty", "Nothing yet"),
    workspace("broken", "Broken"),
    workspace("slow", "Slow"),
  ].map((each) => [each.name, each]),
);

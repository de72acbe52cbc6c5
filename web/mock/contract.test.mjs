/**
 * The mock keeps the contract: each of its routes is one of the server's, and what it answers is what the server's OpenAPI
 * document says. What the document does not hold yet is not mocked either.
 */

import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { routes, startMock } from "./server.mjs";

const DOCUMENT = JSON.parse(readFileSync(new URL("../../crates/api/openapi.json", import.meta.url), "utf8"));
const ajv = new Ajv({ strict: false, validateFormats: false });
ajv.addSchema(DOCUMENT, "openapi.json");

const W = "/workspaces/demo";
let mock;
const ids = {};

beforeAll(async () => {
  mock = await startMock();
  const { drafts, deployments, savepoints, versions } = mock.mock.workspaces.get("demo");
  const deployed = new Set(deployments.map(({ draft_id }) => draft_id));
  ids.draft = drafts[0].id;
  ids.free = drafts.find(({ id, name }) => !deployed.has(id) && name !== "hot auctions").id;
  ids.deployment = deployments[0].id;
  ids.stopped = deployments.find(({ phase }) => phase === "stopped").id;
  ids.damaged = deployments.find(({ name }) => name === "late shipments").id;
  ids.savepoint = savepoints[1].id;
  ids.version = versions.get(ids.draft)[0].number;
  ids.user = mock.mock.users[3].id;
  ids.token = mock.mock.tokens[0].id;
});
afterAll(() => mock.close());

/** Paths may name what only a started mock knows: `:draft`. */
const CALLS = [
  ["GET", "/health"],
  ["GET", "/session"],
  ["POST", "/session", { name: "ada", password: "right" }],
  ["GET", "/functions"],
  ["GET", "/tokens"],
  ["POST", "/tokens", { name: "new", workspace: null, role: "viewer", expires_at: null }],
  ["DELETE", "/tokens/:token"],
  ["GET", "/users"],
  ["POST", "/users", { name: "new", password: "long enough", is_admin: false }],
  ["PUT", "/users/:user/password", { password: "long enough" }],
  ["GET", "/clusters"],
  [
    "PUT",
    "/clusters/new",
    { address: "http://flink:8081", storage: "s3://bucket/new", workspaces: ["demo"] },
  ],
  ["PUT", "/clusters/wrong", { address: "flink:8081", storage: "s3://bucket/new", workspaces: [] }],
  ["GET", "/clusters/new"],
  ["DELETE", "/clusters/new"],
  ["DELETE", "/clusters/flink-prod"],
  ["GET", `${W}/clusters`],
  ["POST", "/workspaces", { name: "new", display_name: "New" }],
  ["DELETE", "/workspaces/new"],
  ["GET", W],
  ["GET", `${W}/drafts`],
  ["POST", `${W}/drafts`, { name: "new", sql: "SELECT 1", settings: {} }],
  ["GET", `${W}/drafts/:draft`],
  ["PUT", `${W}/drafts/:draft`, { name: "hot auctions", sql: "SELECT 1", settings: {} }, "drafts/:draft"],
  ["DELETE", `${W}/drafts/:free`, undefined, "drafts/:free"],
  ["GET", `${W}/drafts/:draft/versions`],
  ["POST", `${W}/drafts/:draft/versions`, { comment: "kept" }],
  ["GET", `${W}/drafts/:draft/versions/:version`],
  ["GET", `${W}/drafts/:draft/versions/:version/diff?against=1`],
  ["POST", `${W}/drafts/:draft/versions/:version/estimate`],
  ["POST", `${W}/drafts/:draft/rollback`, { version: 1 }],
  ["POST", `${W}/validate`, { sql: "SELECT pric FORM bids" }],
  ["GET", `${W}/deployments?phase=running,failed`],
  ["POST", `${W}/deployments`, { name: "new", draft_id: ":draft", version: 1, desired: "running" }],
  [
    "POST",
    `${W}/deployments`,
    { name: "new", draft_id: ":draft", version: 1, cluster: "flink-prod", desired: "running" },
  ],
  ["GET", `${W}/deployments/:deployment`],
  ["PATCH", `${W}/deployments/:deployment`, { version: 1, restore: "none" }, "deployments/:deployment"],
  ["DELETE", `${W}/deployments/:stopped`, undefined, "deployments/:stopped"],
  ["GET", `${W}/deployments/:deployment/runs`],
  ["GET", `${W}/deployments/:deployment/checkpoints`],
  ["GET", `${W}/deployments/:damaged/checkpoints`],
  ["GET", `${W}/savepoints?deployment_id=:deployment`],
  ["POST", `${W}/deployments/:deployment/savepoints`, { name: "new" }],
  ["POST", `${W}/deployments/:deployment/verdict`, { version: 1, restore: "latest" }],
  ["POST", `${W}/deployments/:deployment/verdict`, { restore: "none" }],
  ["POST", `${W}/savepoints/:savepoint/verdict`, { draft_id: ":draft", version: 1 }],
  ["DELETE", `${W}/savepoints/:savepoint`],
  ["GET", `${W}/deployments/:deployment/plan`],
  ["GET", `${W}/deployments/:deployment/metrics`],
  ["GET", `${W}/deployments/:deployment/logs`],
  ["GET", `${W}/catalog`],
  ["GET", `${W}/catalog/tables/default/shop/payments`],
  ["GET", `${W}/catalog/tables/default/shop/payments/sample`],
  ["POST", `${W}/catalog/statements`, { sql: "CREATE TABLE t (a INT)" }],
  ["GET", `${W}/secrets`],
  ["PUT", `${W}/secrets/new`, { value: "secret" }],
  ["DELETE", `${W}/secrets/new`],
  ["GET", `${W}/connections`],
  ["PUT", `${W}/connections/new`, { kind: "kafka", options: {} }],
  ["POST", `${W}/connections/new/test`],
  ["DELETE", `${W}/connections/new`],
  ["GET", `${W}/members`],
  ["PUT", `${W}/members/:user`, { role: "viewer" }],
  ["DELETE", `${W}/members/:user`],
  ["GET", `${W}/audit`],
  ["GET", "/audit"],
  ["GET", `${W}/export`],
  ["POST", `${W}/import/diff`, { files: { "jobs/a.sql": "SELECT 1" }, prune: true }],
  ["POST", `${W}/import`, { files: { "jobs/a.sql": "SELECT 1" }, prune: false }],
  ["DELETE", "/users/:user"],
  ["GET", `${W}/drafts/dr_none`],
  ["GET", "/workspaces/broken/drafts"],
];

it.each(CALLS)("%s %s", async (method, path, body, guarded) => {
  const response = await call(method, path, body, guarded);
  const { operation, template } = operationOf(method, path);
  expect(operation, `${method} ${template} is in the document`).toBeDefined();
  const described = operation.responses[response.status] ?? operation.responses.default;
  expect(described, `${response.status} of ${method} ${template} is in the document`).toBeDefined();
  const [type] = (response.headers.get("content-type") ?? "").split(";");
  const text = await response.text();
  if (text === "") return expect(described.content).toBeUndefined();
  checkAgainst(described.content[type].schema, JSON.parse(text));
});

it.each(["SELECT 1", "SELECT pric FROM t"])("imports '%s' as the document says", async (sql) => {
  const begun = await call("POST", `${W}/import`, { files: { "jobs/a.sql": sql }, prune: false });
  const { id } = await begun.json();
  const ended = await vi.waitUntil(
    async () => {
      const operation = await (await call("GET", `/operations/${id}`)).json();
      checkAgainst({ $ref: "#/components/schemas/Operation" }, operation);
      return operation.ended_at && operation;
    },
    { timeout: 5_000, interval: 100 },
  );
  checkAgainst({ $ref: "#/components/schemas/BundleReport" }, ended.result);
});

it("tells of a preview as the document says", async () => {
  const names = { schema: "PreviewSchema", rows: "PreviewRows", statistics: "PreviewStatistics" };
  await checkEvents("POST", `${W}/preview`, { sql: "SELECT 1" }, names);
  await checkEvents("POST", `${W}/preview`, { sql: "SELECT pric" }, { failed: "PreviewFailed" });
});

it("tells of a deployment as the document says", () =>
  checkEvents("GET", `${W}/deployments/:deployment/events`, undefined, {
    metrics: "Metrics",
    deployment: "Deployment",
  }));

it("answers no route that the server has not", () => {
  const known = new Set(
    Object.entries(DOCUMENT.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, "{}")}`),
    ),
  );
  const mocked = routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`);
  expect(mocked.filter((route) => !known.has(route))).toEqual([]);
});

const filled = (text) => text.replaceAll(/:(\w+)/g, (whole, name) => ids[name] ?? whole);

async function call(method, path, body, guarded) {
  const headers = { "Content-Type": "application/json" };
  if (guarded) {
    const { revision } = await (await call("GET", `${W}/${guarded}`)).json();
    headers["If-Match"] = `"${revision}"`;
  }
  return fetch(`${mock.url}/api/v1${filled(path)}`, {
    method,
    headers,
    ...(body && { body: filled(JSON.stringify(body)) }),
  });
}

function operationOf(method, path) {
  const parts = path.split("?")[0].split("/");
  const fits = (template) => {
    const wanted = template.split("/");
    return (
      wanted.length === parts.length &&
      wanted.every((part, index) => part === parts[index] || /^\{\w+\}$/.test(part))
    );
  };
  // What is spelled out goes before what is a parameter.
  const [template] = Object.keys(DOCUMENT.paths)
    .filter(fits)
    .sort((one, other) => one.split("{").length - other.split("{").length);
  return { operation: DOCUMENT.paths[template]?.[method.toLowerCase()], template };
}

function checkAgainst(schema, value) {
  const local = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi.json#/'));
  const validate = ajv.compile(local);
  validate(value);
  expect(validate.errors ?? [], JSON.stringify(value).slice(0, 400)).toEqual([]);
}

/** Reads until each of the named events was seen. */
async function checkEvents(method, path, body, schemas) {
  const left = new Set(Object.keys(schemas));
  const controller = new AbortController();
  const response = await fetch(`${mock.url}/api/v1${filled(path)}`, {
    method,
    signal: controller.signal,
    ...(body && { body: JSON.stringify(body) }),
  });
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const events = text.split("\n\n");
    text = events.pop();
    for (const event of events) {
      const [, name, data] = /^event: (.*)\ndata: (.*)$/s.exec(event);
      if (!schemas[name]) continue;
      checkAgainst({ $ref: `#/components/schemas/${schemas[name]}` }, JSON.parse(data));
      left.delete(name);
    }
    if (left.size === 0) break;
  }
  controller.abort();
  expect([...left]).toEqual([]);
}

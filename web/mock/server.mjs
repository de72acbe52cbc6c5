/**
 * A stand-in for the server, for tests and screenshots only: the contract's routes over made-up data in memory.
 *
 * Serves `web/dist` too, so that one process is enough. Workspaces: `demo` is full, `empty` has nothing, `broken` answers
 * every request with a problem, `slow` never answers. A draft whose text says "conflict" has always been changed by
 * someone else. `node mock/server.mjs [port]`; no dependencies.
 */

import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import {
  at,
  ddlOf,
  id,
  logLines,
  metricsAt,
  PLAN,
  runsOf,
  sampleRow,
  tokens,
  users,
  workspaces,
} from "./data.mjs";

const PORT = Number(process.argv[2] ?? process.env.PORT ?? 8180);
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const STARTED = Date.now() - 3_725_000;
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
};

let isSignedIn = process.env.MOCK_SIGNED_OUT === undefined;

class Problem extends Error {
  constructor(status, title, more = {}) {
    super(title);
    this.body = { type: "about:blank", title, status, ...more };
  }
}

const routes = [];
const route = (method, path, handle) => {
  const names = [];
  const pattern = path.replace(/\{(\w+)\}/g, (_, name) => {
    names.push(name);
    return "([^/]+)";
  });
  routes.push({ method, pattern: new RegExp(`^${pattern}$`), names, handle });
};

function session() {
  return {
    user: users[0],
    workspaces: [...workspaces.values()].map(({ name, display_name }) => ({
      name,
      display_name,
      role: "owner",
    })),
    csrf_token: "mock",
  };
}

route("GET", "/health", () => ({ status: "ok", version: "mock" }));
route("GET", "/session", () => session());
route("POST", "/session", ({ body }) => {
  if (body.password === "wrong") throw new Problem(401, "not signed in");
  isSignedIn = true;
  return session();
});
route("DELETE", "/session", () => {
  isSignedIn = false;
});
route("POST", "/workspaces", ({ body }) => {
  const made = { ...workspaces.get("empty"), ...body, created_at: at(Date.now()) };
  workspaces.set(body.name, made);
  return body;
});

const W = "/workspaces/{ws}";
const find = (items, key, value, noun) => {
  const found = items.find((each) => each[key] === value);
  if (!found)
    throw new Problem(404, `there is no such ${noun}`, { detail: `${noun} '${value}' does not exist` });
  return found;
};
const draftOf = ({ w, params }) => find(w.drafts, "id", params.id, "draft");
const deploymentOf = ({ w, params }) => find(w.deployments, "id", params.id, "deployment");

function page(items, query, matches = () => true) {
  const q = (query.get("q") ?? "").toLowerCase();
  const found = q ? items.filter((item) => matches(item, q)) : items;
  const from = Number(query.get("cursor") ?? 0);
  const limit = Math.min(200, Number(query.get("limit") ?? 50));
  const next = from + limit < found.length ? String(from + limit) : null;
  return { items: found.slice(from, from + limit), next_cursor: next };
}
const byName = (item, q) => item.name.toLowerCase().includes(q);

function checkRevision(request, thing) {
  const given = request.headers["if-match"];
  if (!given) throw new Problem(428, "a precondition is needed", { hint: "Send the ETag as If-Match." });
  if (given !== `"${thing.revision}"`) throw new Problem(412, "it was changed meanwhile");
}

route("GET", `${W}/drafts`, ({ w, query }) => {
  const all = [...w.drafts].sort((a, b) => b.updated_at.localeCompare(a.updated_at));
  const found = page(all, query, byName);
  return {
    ...found,
    items: found.items.map(({ sql, settings, ...draft }) => ({
      ...draft,
      deployments: w.deployments
        .filter(({ draft_id }) => draft_id === draft.id)
        .map(({ id: deployment, name, phase, version }) => ({ id: deployment, name, phase, version })),
    })),
  };
});
route("POST", `${W}/drafts`, ({ w, body }) => {
  const now = at(Date.now());
  const draft = {
    id: id("dr"),
    workspace: w.name,
    revision: 1,
    created_at: now,
    updated_at: now,
    updated_by: "ada",
    ...body,
  };
  w.drafts.unshift(draft);
  w.versions.set(draft.id, []);
  return draft;
});
route("GET", `${W}/drafts/{id}`, (context) => draftOf(context));
route("PUT", `${W}/drafts/{id}`, (context) => {
  const draft = draftOf(context);
  if (context.body.sql.includes("conflict") && draft.updated_by !== "grace (elsewhere)") {
    draft.revision += 1;
    draft.sql = draft.sql.replace("SELECT", "SELECT /* theirs */");
    draft.updated_by = "grace (elsewhere)";
    draft.updated_at = at(Date.now());
  }
  checkRevision(context.request, draft);
  Object.assign(draft, context.body, {
    revision: draft.revision + 1,
    updated_at: at(Date.now()),
    updated_by: "ada",
  });
  return draft;
});
route("DELETE", `${W}/drafts/{id}`, (context) => {
  const draft = draftOf(context);
  checkRevision(context.request, draft);
  if (context.w.deployments.some(({ draft_id }) => draft_id === draft.id)) {
    throw new Problem(409, "the job is deployed", { hint: "Delete its deployments first." });
  }
  context.w.drafts.splice(context.w.drafts.indexOf(draft), 1);
});

const versionsOf = (context) => context.w.versions.get(draftOf(context).id) ?? [];
const versionOf = (context) => find(versionsOf(context), "number", Number(context.params.n), "version");

route("GET", `${W}/drafts/{id}/versions`, (context) => {
  const found = page(versionsOf(context), context.query);
  return { ...found, items: found.items.map(({ sql, settings, catalog_ddl, ...version }) => version) };
});
route("POST", `${W}/drafts/{id}/versions`, (context) => {
  const draft = draftOf(context);
  const { diagnostics } = check(draft.sql);
  if (diagnostics.length > 0) throw new Problem(422, "the text does not check", { diagnostics });
  const versions = versionsOf(context);
  const version = {
    draft_id: draft.id,
    number: (versions[0]?.number ?? 0) + 1,
    sql: draft.sql,
    settings: draft.settings,
    catalog_ddl: "",
    comment: context.body.comment,
    created_at: at(Date.now()),
    created_by: "ada",
  };
  versions.unshift(version);
  return version;
});
route("GET", `${W}/drafts/{id}/versions/{n}`, (context) => versionOf(context));
route("GET", `${W}/drafts/{id}/versions/{n}/diff`, (context) => {
  const after = versionOf(context).sql.split("\n");
  const before = find(
    versionsOf(context),
    "number",
    Number(context.query.get("against")),
    "version",
  ).sql.split("\n");
  const lines = [];
  let left = 0;
  for (const text of after) {
    const same = before.indexOf(text, left);
    if (same === -1) lines.push({ op: "+", text });
    else {
      for (; left < same; left += 1) lines.push({ op: "-", text: before[left] });
      lines.push({ op: " ", text });
      left += 1;
    }
  }
  for (; left < before.length; left += 1) lines.push({ op: "-", text: before[left] });
  return { lines };
});
route("POST", `${W}/drafts/{id}/versions/{n}/estimate`, (context) => {
  versionOf(context);
  return {
    parallelism: 2,
    memory_bytes: 768 * 1024 * 1024,
    reasons: [
      "a sampled run of 2 s read 1.1 million rows a second on one core; the source gives 10 thousand",
      "one hash exchange: two shards keep the window aggregate off the source's core",
      "61 MiB of state in the sample, times ten for the longest window, plus 128 MiB for buffers",
    ],
  };
});
route("POST", `${W}/drafts/{id}/rollback`, (context) => {
  const draft = draftOf(context);
  const { sql, settings } = find(versionsOf(context), "number", context.body.version, "version");
  return Object.assign(draft, { sql, settings, revision: draft.revision + 1, updated_at: at(Date.now()) });
});

/** What a checker might say: one unknown column, one misspelt keyword, one warning. */
function check(sql) {
  const diagnostics = [];
  const report = (pattern, severity, kind, message, hint) => {
    const found = pattern.exec(sql);
    if (!found) return;
    const place = (offset) => {
      const before = sql.slice(0, offset).split("\n");
      return [before.length, [...before.at(-1)].length + 1];
    };
    const [line, column] = place(found.index);
    const [end_line, end_column] = place(found.index + found[0].length);
    diagnostics.push({
      severity,
      kind,
      message,
      hint,
      span: { line, column, end_line, end_column, start: found.index, end: found.index + found[0].length },
    });
  };
  report(/\bpric\b/, "error", "validation", "column 'pric' not found", "did you mean 'price'?");
  report(/\bFORM\b/, "error", "parse", "unexpected 'FORM'; expected ',' or FROM", "did you mean FROM?");
  report(/\bHAVING COUNT\(\*\) >= 1\b/, "warning", "validation", "this is true of every group", null);
  return { diagnostics };
}

route("POST", `${W}/validate`, ({ body }) => {
  const { diagnostics } = check(body.sql);
  const isBroken = diagnostics.some(({ severity }) => severity === "error");
  return {
    diagnostics,
    statements: [{ kind: "insert", start: 0, end: body.sql.length, line: 1 }],
    plan: isBroken || !/\bselect\b/i.test(body.sql) ? null : PLAN,
  };
});

route("POST", `${W}/preview`, ({ body, events }) => {
  const { diagnostics } = check(body.sql);
  const send = events();
  if (diagnostics.some(({ severity }) => severity === "error")) {
    send("failed", { diagnostics });
    send.end();
    return;
  }
  send("schema", {
    columns: [
      { name: "window_start", type: "TIMESTAMP(3) NOT NULL" },
      { name: "auction", type: "BIGINT" },
      { name: "bids", type: "BIGINT NOT NULL" },
      { name: "highest", type: "DECIMAL(12, 2)" },
      { name: "channel", type: "STRING" },
      { name: "seller", type: "ROW<`id` BIGINT, `city` STRING>" },
    ],
  });
  let step = 0;
  const counts = new Map();
  const rowOf = (auction, bids) => ({
    window_start: "2026-11-22 23:54:10.000",
    auction: `9007199254${String(740990 + auction).padStart(6, "0")}`,
    bids: String(bids),
    highest: (1000 + auction * 13.5 + bids).toFixed(2),
    channel: auction % 4 === 3 ? null : ["web", "app", "<i>phone</i>"][auction % 3],
    seller: { id: String(auction), city: ["Lisbon", "Utrecht", "Bergen"][auction % 3] },
  });
  send.every(120, () => {
    step += 1;
    const rows = [];
    for (let each = 0; each < 9; each += 1) {
      const auction = (step * 5 + each * 3) % 24;
      const bids = counts.get(auction) ?? 0;
      if (bids > 0) rows.push({ op: "-U", row: rowOf(auction, bids) });
      rows.push({ op: bids > 0 ? "+U" : "+I", row: rowOf(auction, bids + 1) });
      counts.set(auction, bids + 1);
    }
    if (step % 11 === 0) {
      const [auction, bids] = counts.entries().next().value;
      rows.push({ op: "-D", row: rowOf(auction, bids) });
      counts.delete(auction);
    }
    send("rows", { rows });
    send("statistics", { rows_in: step * 1200, rows_out: step * 17, watermark: at(Date.now() - 1_000) });
    if (step >= 60) {
      send("end", { reason: "limit" });
      send.end();
    }
  });
});

route("GET", `${W}/deployments`, ({ w, query }) => {
  const draft = query.get("draft_id");
  return page(
    draft ? w.deployments.filter(({ draft_id }) => draft_id === draft) : w.deployments,
    query,
    byName,
  );
});
route("POST", `${W}/deployments`, ({ w, body }) => {
  const now = at(Date.now());
  const deployment = {
    id: id("dp"),
    workspace: w.name,
    engine: "embedded",
    revision: 1,
    generation: 1,
    observed_generation: 0,
    phase: body.desired === "running" ? "starting" : "stopped",
    conditions: [],
    last_error: null,
    created_at: now,
    updated_at: now,
    ...body,
  };
  w.deployments.unshift(deployment);
  settleSoon(deployment);
  return deployment;
});
route("GET", `${W}/deployments/{id}`, (context) => deploymentOf(context));
route("PATCH", `${W}/deployments/{id}`, (context) => {
  const deployment = deploymentOf(context);
  checkRevision(context.request, deployment);
  Object.assign(deployment, context.body, {
    revision: deployment.revision + 1,
    generation: deployment.generation + 1,
    updated_at: at(Date.now()),
    phase: { running: "starting", suspended: "stopping", stopped: "stopping" }[
      context.body.desired ?? deployment.desired
    ],
  });
  settleSoon(deployment);
  return deployment;
});
route("DELETE", `${W}/deployments/{id}`, (context) => {
  const deployment = deploymentOf(context);
  checkRevision(context.request, deployment);
  if (["running", "starting", "recovering"].includes(deployment.phase)) {
    throw new Problem(409, "the deployment runs", { hint: "Stop it first." });
  }
  context.w.deployments.splice(context.w.deployments.indexOf(deployment), 1);
});
function settleSoon(deployment) {
  setTimeout(() => {
    Object.assign(deployment, {
      phase: deployment.desired,
      observed_generation: deployment.generation,
      revision: deployment.revision + 1,
      conditions: [],
      last_error: null,
    });
  }, 1500).unref();
}
route("GET", `${W}/deployments/{id}/runs`, (context) => page(runsOf(deploymentOf(context)), context.query));
route("GET", `${W}/deployments/{id}/plan`, (context) => {
  deploymentOf(context);
  return PLAN;
});
route("GET", `${W}/deployments/{id}/metrics`, (context) => {
  deploymentOf(context);
  return metricsAt(STARTED, Date.now());
});
route("GET", `${W}/deployments/{id}/logs`, (context) => {
  deploymentOf(context);
  const after = Number(context.query.get("after") ?? 0);
  const newest = Math.floor((Date.now() - STARTED) / 2_130);
  const count = Math.max(0, Math.min(500, newest - after));
  return { lines: logLines(after, count, STARTED), next: after + count };
});
route("GET", `${W}/deployments/{id}/events`, (context) => {
  const deployment = deploymentOf(context);
  const send = context.events();
  let sent = 0;
  const tell = () => {
    if (deployment.revision !== sent) {
      sent = deployment.revision;
      send("deployment", deployment);
    }
    if (deployment.phase === "running") send("metrics", metricsAt(STARTED, Date.now()));
  };
  // A browser that has just come sees charts at once.
  if (deployment.phase === "running") {
    for (let back = 120; back > 0; back -= 1) send("metrics", metricsAt(STARTED, Date.now() - back * 1000));
  }
  tell();
  send.every(1000, tell);
});

const tablesOf = (w) =>
  Object.entries(w.databases).map(([name, tables]) => ({
    name,
    tables: tables.map(({ name: table, kind, connector }) => ({ name: table, kind, connector })),
  }));
const tableOf = ({ w, params }) => find(w.databases[params.d] ?? [], "name", params.t, "table");
route("GET", `${W}/catalog`, ({ w }) => ({
  catalogs: Object.keys(w.databases).length > 0 ? [{ name: "default", databases: tablesOf(w) }] : [],
}));
route("GET", `${W}/catalog/tables/{c}/{d}/{t}`, (context) => {
  const table = tableOf(context);
  const options = table.connector
    ? { connector: table.connector, path: `/data/${table.name}`, format: "json" }
    : {};
  return { ddl: ddlOf(table), columns: table.columns, options };
});
route("GET", `${W}/catalog/tables/{c}/{d}/{t}/sample`, (context) => {
  const { columns } = tableOf(context);
  const rows = Array.from({ length: Number(context.query.get("rows") ?? 20) }, (_, index) =>
    Object.fromEntries(columns.map((column) => [column.name, sampleRow(column, index)])),
  );
  return { columns: columns.map(({ name, type }) => ({ name, type })), rows };
});
route("POST", `${W}/catalog/statements`, ({ body }) => {
  if (!/^\s*(CREATE|ALTER|DROP)\b/i.test(body.sql)) {
    throw new Problem(422, "this is not a definition", {
      hint: "CREATE, ALTER and DROP change the catalog.",
    });
  }
});

const named = (noun, key) => {
  route("GET", `${W}/${key}`, ({ w, query }) => page(w[key], query, byName));
  route("DELETE", `${W}/${key}/{name}`, ({ w, params }) => {
    w[key].splice(w[key].indexOf(find(w[key], "name", params.name, noun)), 1);
  });
};
named("secret", "secrets");
named("connection", "connections");
route("PUT", `${W}/secrets/{name}`, ({ w, params }) => {
  const now = at(Date.now());
  const found = w.secrets.find(({ name }) => name === params.name);
  if (found) found.updated_at = now;
  else w.secrets.push({ name: params.name, created_at: now, updated_at: now });
});
route("PUT", `${W}/connections/{name}`, ({ w, params, body }) => {
  const found = w.connections.find(({ name }) => name === params.name);
  if (found) Object.assign(found, body);
  else w.connections.push({ name: params.name, ...body });
});
route("GET", `${W}/members`, ({ w, query }) => page(w.members, query));
route("PUT", `${W}/members/{user}`, ({ w, params, body }) => {
  const user = users.find((each) => each.id === params.user || each.name === params.user);
  if (!user)
    throw new Problem(404, "there is no such user", { detail: `user '${params.user}' does not exist` });
  const found = w.members.find((each) => each.user === user.id);
  if (found) found.role = body.role;
  else w.members.push({ workspace: w.name, user: user.id, user_name: user.name, role: body.role });
});
route("DELETE", `${W}/members/{user}`, ({ w, params }) => {
  w.members.splice(w.members.indexOf(find(w.members, "user", params.user, "member")), 1);
});
route("GET", `${W}/audit`, ({ w, query }) =>
  page(w.audit, query, ({ actor, action, subject }, q) => `${actor} ${action} ${subject}`.includes(q)),
);
route("GET", "/tokens", ({ query }) => page(tokens, query));
route("POST", "/tokens", ({ body }) => {
  const token = { id: id("tk"), user: users[0].id, created_at: at(Date.now()), last_used_at: null, ...body };
  tokens.unshift(token);
  return { ...token, token: "oct_3k9vq2w8m1xr7c5t0zf4hy6nbd_example_only" };
});
route("DELETE", "/tokens/{id}", ({ params }) => {
  tokens.splice(tokens.indexOf(find(tokens, "id", params.id, "token")), 1);
});
route("GET", "/users", ({ query }) => page(users, query));
route("POST", "/users", ({ body: { password, ...user } }) => {
  const made = { id: id("us"), created_at: at(Date.now()), ...user };
  users.push(made);
  return made;
});
route("DELETE", "/users/{id}", ({ params }) => {
  users.splice(users.indexOf(find(users, "id", params.id, "user")), 1);
});

function eventsOn(response) {
  return () => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const timers = [];
    const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    send.every = (ms, tell) => timers.push(setInterval(tell, ms));
    send.end = () => {
      timers.forEach(clearInterval);
      response.end();
    };
    response.on("close", () => timers.forEach(clearInterval));
    return send;
  };
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : undefined;
}

async function answer(request, response, url) {
  const path = url.pathname.slice("/api/v1".length);
  for (const { method, pattern, names, handle } of routes) {
    const found = method === request.method && pattern.exec(path);
    if (!found) continue;
    const params = Object.fromEntries(
      names.map((name, index) => [name, decodeURIComponent(found[index + 1])]),
    );
    const body = await bodyOf(request);
    if (!isSignedIn && path !== "/session" && path !== "/health") throw new Problem(401, "not signed in");
    if (!isSignedIn && path === "/session" && method === "GET") throw new Problem(401, "not signed in");
    const w = params.ws === undefined ? undefined : workspaces.get(params.ws);
    if (params.ws !== undefined && !w) throw new Problem(404, "there is no such workspace");
    if (params.ws === "slow") return;
    if (params.ws === "broken") {
      throw new Problem(500, "the store cannot be read", {
        detail: "disk I/O error in oceanus.db",
        hint: "See the server's log.",
      });
    }
    const result = handle({ params, query: url.searchParams, body, w, request, events: eventsOn(response) });
    if (response.headersSent) return;
    response.writeHead(result === undefined ? 204 : 200, { "Content-Type": "application/json" });
    response.end(result === undefined ? undefined : JSON.stringify(result));
    return;
  }
  throw new Problem(404, "there is no such route", { detail: `${request.method} ${path}` });
}

function serveFile(response, pathname) {
  const wanted = normalize(join(DIST, pathname));
  const file =
    wanted.startsWith(DIST) && extname(wanted) && existsSync(wanted) ? wanted : join(DIST, "index.html");
  response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(response);
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://mock");
  try {
    if (url.pathname.startsWith("/api/v1/")) await answer(request, response, url);
    else serveFile(response, url.pathname);
  } catch (error) {
    const body =
      error instanceof Problem ? error.body : { title: "the mock broke", status: 500, detail: String(error) };
    response.writeHead(body.status, { "Content-Type": "application/problem+json" });
    response.end(JSON.stringify(body));
  }
});
server.listen(PORT, "127.0.0.1", () => console.log(`http://127.0.0.1:${PORT}`));

/**
 * A stand-in for the server, for screenshots and for states that a real one is rarely in: the contract's routes over
 * made-up data in memory.
 *
 * Serves `web/dist` too, so that one process is enough. Workspaces: `demo` is full, `empty` has nothing, `broken` answers
 * every request with a problem, `slow` never answers. A draft whose text says "conflict" has always been changed by
 * someone else. `node mock/server.mjs [port]`; no dependencies.
 */

import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { makeData, makeWorkspace } from "./data.mjs";
import { Answer, Problem, streamOn } from "./http.mjs";
import { accountRoutes } from "./routes/account.mjs";
import { catalogRoutes } from "./routes/catalog.mjs";
import { clusterRoutes } from "./routes/clusters.mjs";
import { deploymentRoutes } from "./routes/deployments.mjs";
import { jobRoutes } from "./routes/jobs.mjs";
import { workspaceRoutes } from "./routes/workspace.mjs";

const PORT = 8180;
const BASE = "/api/v1";
const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
};
/** What is answered without a session. */
const PUBLIC = [
  ["GET", "/health"],
  ["POST", "/session"],
];

export const routes = [];

function route(method, path, handle) {
  const names = [];
  const pattern = path.replace(/\{(\w+)\}/g, (_, name) => {
    names.push(name);
    return "([^/]+)";
  });
  routes.push({ method, path, pattern: new RegExp(`^${pattern}$`), names, handle });
}

const NOUNS = [accountRoutes, clusterRoutes, workspaceRoutes, jobRoutes, deploymentRoutes, catalogRoutes];
for (const add of NOUNS) add(route);

/** Starts a mock with data of its own on a free port, or on the one given. */
export async function startMock({ port = 0, isSignedIn = true } = {}) {
  const mock = { ...makeData(), makeWorkspace, operations: new Map(), isSignedIn };
  const server = createServer((request, response) => serve(mock, request, response));
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    mock,
    url: `http://127.0.0.1:${server.address().port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function serve(mock, request, response) {
  const url = new URL(request.url, "http://mock");
  try {
    if (url.pathname.startsWith(`${BASE}/`)) await answer(mock, request, response, url);
    else serveFile(response, url.pathname);
  } catch (error) {
    const body =
      error instanceof Problem ? error.body : { title: "the mock broke", status: 500, detail: String(error) };
    response.writeHead(body.status, { "Content-Type": "application/problem+json" });
    response.end(JSON.stringify(body));
  }
}

async function answer(mock, request, response, url) {
  const path = url.pathname.slice(BASE.length);
  for (const { method, pattern, names, handle } of routes) {
    const found = method === request.method && pattern.exec(path);
    if (!found) continue;
    const params = Object.fromEntries(
      names.map((name, index) => [name, decodeURIComponent(found[index + 1])]),
    );
    const body = await bodyOf(request);
    if (!mock.isSignedIn && !PUBLIC.some(([m, p]) => m === method && p === path)) {
      throw new Problem(401, "unauthorized", "not signed in");
    }
    const w = params.ws === undefined ? undefined : mock.workspaces.get(params.ws);
    if (params.ws !== undefined && !w) throw new Problem(404, "not-found", "there is no such workspace");
    if (params.ws === "slow") return;
    if (params.ws === "broken") {
      throw new Problem(500, "internal", "the store cannot be read", {
        detail: "disk I/O error in oceanus.db",
        hint: "See the server's log.",
      });
    }
    const context = { mock, w, params, query: url.searchParams, body, request, events: streamOn(response) };
    const result = handle(context);
    if (!response.headersSent) send(response, result);
    return;
  }
  throw new Problem(404, "not-found", "there is no such route", { detail: `${request.method} ${path}` });
}

function send(response, result) {
  const { status, body, headers } =
    result instanceof Answer ? result : new Answer(result === undefined ? 204 : 200, result);
  if (body?.revision !== undefined) headers.ETag = `"${body.revision}"`;
  response.writeHead(status, { "Content-Type": "application/json", ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

async function bodyOf(request) {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : undefined;
}

function serveFile(response, pathname) {
  const wanted = normalize(join(DIST, pathname));
  const file =
    wanted.startsWith(DIST) && extname(wanted) && existsSync(wanted) ? wanted : join(DIST, "index.html");
  response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
  createReadStream(file).pipe(response);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { url } = await startMock({ port: Number(process.argv[2] ?? PORT) });
  console.log(url);
}

/** Workspaces, and what belongs to one beside its jobs. */

import { at, id } from "../data/ids.mjs";
import { Answer, byName, find, Problem, page, W } from "../http.mjs";

/** How long an import takes. */
const IMPORT_MS = 600;

export function workspaceRoutes(route) {
  route("POST", "/workspaces", ({ mock, body }) => {
    if (mock.workspaces.has(body.name)) throw new Problem(409, "conflict", "there is such a workspace");
    mock.workspaces.set(body.name, mock.makeWorkspace(body.name, body.display_name));
    return new Answer(201, summary(mock.workspaces.get(body.name)));
  });
  route("GET", W, ({ w }) => {
    const phases = {};
    for (const { phase } of w.deployments) phases[phase] = (phases[phase] ?? 0) + 1;
    const counts = {
      drafts: w.drafts.length,
      deployments: w.deployments.length,
      connections: w.connections.length,
      secrets: w.secrets.length,
      members: w.members.length,
    };
    return { ...summary(w), role: "owner", phases, counts };
  });
  route("DELETE", W, ({ mock, w }) => {
    mock.workspaces.delete(w.name);
  });

  const named = (noun, key) => {
    route("GET", `${W}/${key}`, ({ w, query }) => page(w[key], query, byName));
    route("DELETE", `${W}/${key}/{name}`, ({ w, params }) => {
      w[key].splice(w[key].indexOf(find(w[key], "name", params.name, noun)), 1);
    });
  };
  named("secret", "secrets");
  named("connection", "connections");
  const put = (items, name, change) => {
    const now = at(Date.now());
    const found = items.find((each) => each.name === name);
    if (found) return Object.assign(found, change, { updated_at: now });
    const made = { name, ...change, created_at: now, updated_at: now };
    items.push(made);
    return made;
  };
  route("PUT", `${W}/secrets/{name}`, ({ w, params }) => put(w.secrets, params.name, {}));
  route("PUT", `${W}/connections/{name}`, ({ w, params, body }) => put(w.connections, params.name, body));
  route("POST", `${W}/connections/{name}/test`, ({ w, params }) => {
    const { kind } = find(w.connections, "name", params.name, "connection");
    return kind === "kafka"
      ? {
          reachable: false,
          checks: [
            { address: "kafka-1:9092", ok: true, message: "connected in 3 ms" },
            { address: "kafka-2:9092", ok: false, message: "connection refused" },
          ],
        }
      : { reachable: true, checks: [{ address: "/data/landing", ok: true, message: "the folder is there" }] };
  });

  route("GET", `${W}/members`, ({ w, query }) => page(w.members, query));
  route("PUT", `${W}/members/{user}`, ({ mock, w, params, body }) => {
    const user = mock.users.find((each) => each.id === params.user || each.name === params.user);
    if (!user) {
      throw new Problem(404, "not-found", "there is no such user", {
        detail: `user '${params.user}' does not exist`,
      });
    }
    const found = w.members.find((each) => each.user === user.id);
    if (found) return Object.assign(found, body);
    const made = { workspace: w.name, user: user.id, user_name: user.name, role: body.role };
    w.members.push(made);
    return made;
  });
  route("DELETE", `${W}/members/{user}`, ({ w, params }) => {
    w.members.splice(w.members.indexOf(find(w.members, "user", params.user, "member")), 1);
  });
  const says = ({ actor, action, subject }, q) => `${actor} ${action} ${subject}`.includes(q);
  route("GET", `${W}/audit`, ({ w, query }) => page(w.audit, query, says));
  route("GET", "/audit", ({ mock, query }) =>
    page(
      [...mock.workspaces.values()].flatMap(({ audit }) => audit),
      query,
      says,
    ),
  );

  route("GET", `${W}/export`, ({ w }) => ({
    files: Object.fromEntries([
      ["workspace.yaml", `name: ${w.name}\ndisplay_name: ${w.display_name}\n`],
      ...w.drafts.map(({ name, sql }) => [`jobs/${name}.sql`, sql]),
      ...w.connections.map(({ name, kind }) => [`connections/${name}.yaml`, `kind: ${kind}\n`]),
    ]),
  }));
  route("POST", `${W}/import/diff`, ({ body }) => diffOf(body));
  route("POST", `${W}/import`, ({ mock, body }) => {
    const { changes, diagnostics } = diffOf(body);
    const result = { applied: diagnostics.length === 0, changes, diagnostics };
    const operation = {
      id: id("op"),
      kind: "import",
      status: "running",
      created_at: at(Date.now()),
      ended_at: null,
    };
    mock.operations.set(operation.id, operation);
    setTimeout(() => {
      Object.assign(operation, { status: "succeeded", ended_at: at(Date.now()), result });
    }, IMPORT_MS).unref();
    return new Answer(202, operation, { Location: `/api/v1/operations/${operation.id}` });
  });
  route("GET", "/operations/{id}", ({ mock, params }) =>
    find([...mock.operations.values()], "id", params.id, "operation"),
  );
}

function summary({ name, display_name, created_at }) {
  return { name, display_name, created_at };
}

/** What an import would change, as far as made-up files tell. */
function diffOf({ files, prune }) {
  const diagnostics = Object.entries(files)
    .filter(([, text]) => text.includes("pric "))
    .map(([path]) => ({
      severity: "error",
      kind: "validation",
      file: path,
      message: "column 'pric' not found",
      hint: "did you mean 'price'?",
      span: { line: 1, column: 8, end_line: 1, end_column: 12, start: 7, end: 11 },
    }));
  const changes = [
    {
      noun: "table",
      name: "default.shop.refunds",
      action: "update",
      lines: [
        { op: " ", text: "CREATE TABLE refunds (" },
        { op: "-", text: "  amount DECIMAL(10, 2)," },
        { op: "+", text: "  amount DECIMAL(12, 2)," },
        { op: " ", text: "  paid_at TIMESTAMP(3)" },
      ],
    },
    ...Object.keys(files)
      .filter((path) => path.startsWith("jobs/") && path.endsWith(".sql"))
      .map((path, index) => ({
        noun: "job",
        name: path.slice("jobs/".length, -".sql".length),
        action: index === 0 ? "create" : "unchanged",
        lines: index === 0 ? files[path].split("\n").map((text) => ({ op: "+", text })) : [],
      })),
    ...(prune ? [{ noun: "connection", name: "landing", action: "delete", lines: [] }] : []),
  ];
  return { changes, diagnostics };
}

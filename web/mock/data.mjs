/** Plausible data for the mock server: one full workspace, one empty one. Made anew for every mock; nothing is kept. */

import { makeDatabases } from "./data/catalog.mjs";
import { makeClusters } from "./data/clusters.mjs";
import { makeDeployments } from "./data/deployments.mjs";
import { before, DAY } from "./data/ids.mjs";
import { makeDrafts, makeVersions } from "./data/jobs.mjs";
import { makeAudit, makeTokens, makeUsers } from "./data/people.mjs";
import { makeSavepoints } from "./data/savepoints.mjs";

export function makeData() {
  const users = makeUsers();
  const drafts = makeDrafts();
  const versions = makeVersions(drafts);
  const deployments = makeDeployments(drafts, versions);
  const databases = makeDatabases();
  const audit = makeAudit();
  const workspaces = new Map(
    [
      makeWorkspace("demo", "Demo", {
        drafts,
        versions,
        deployments,
        savepoints: makeSavepoints(deployments),
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
            created_at: before(30 * DAY),
            updated_at: before(3 * DAY),
          },
          {
            name: "landing",
            kind: "filesystem",
            options: { path: "/data/landing", format: "json" },
            created_at: before(30 * DAY),
            updated_at: before(30 * DAY),
          },
        ],
        members: users.map(({ id: member, name }, index) => ({
          workspace: "demo",
          user: member,
          user_name: name,
          role: ["owner", "operator", "developer", "viewer"][index],
        })),
      }),
      makeWorkspace("empty", "Nothing yet"),
      makeWorkspace("broken", "Broken"),
      makeWorkspace("slow", "Slow"),
    ].map((each) => [each.name, each]),
  );
  return { users, tokens: makeTokens(users), clusters: makeClusters(), workspaces };
}

export const makeWorkspace = (name, displayName, content = {}) => ({
  name,
  display_name: displayName,
  created_at: before(90 * DAY),
  drafts: [],
  versions: new Map(),
  deployments: [],
  savepoints: [],
  databases: {},
  secrets: [],
  connections: [],
  members: [],
  audit: [],
  ...content,
});

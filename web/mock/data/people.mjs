/** Users, their tokens, and what they did. */

import { at, before, DAY, id, NOW } from "./ids.mjs";

export const PEOPLE = ["ada", "grace", "edsger", "barbara"];

const user = (name, isAdmin, days) => ({
  id: id("us"),
  name,
  is_admin: isAdmin,
  created_at: before(days * DAY),
});
export function makeUsers() {
  return [
    user("ada", true, 90),
    user("grace", false, 62),
    user("edsger", false, 61),
    user("barbara", false, 20),
  ];
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
export function makeAudit() {
  return Array.from({ length: 230 }, (_, index) => {
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
}

export function makeTokens(users) {
  return [
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
}

import { expect, it } from "vitest";
import type { Savepoint } from "../api/types";
import { choicesAmong } from "./savepoints";

const MINE = "dp_mine";

function savepoint(id: string, deployment: string, day: number): Savepoint {
  const time = `2026-11-${String(day).padStart(2, "0")}T11:00:00Z`;
  return {
    id,
    workspace: "demo",
    deployment_id: deployment,
    deployment_name: deployment,
    draft_id: "dr_1",
    version: 1,
    name: "",
    at_stop: false,
    status: "done",
    reason: null,
    created_by: "ada",
    created_at: time,
    ended_at: time,
    taken: { run_id: "rn_1", epoch: 1, parallelism: 2, taken_at: time, bytes: 100 },
  };
}
const ids = (savepoints: Savepoint[]) => savepoints.map(({ id }) => id);

it("begins from the newest of its own, though another deployment has a newer one", () => {
  const all = [savepoint("theirs", "dp_other", 9), savepoint("old", MINE, 3), savepoint("new", MINE, 7)];
  const { own, others, preselected } = choicesAmong(all, MINE);
  expect(ids(own)).toEqual(["new", "old"]);
  expect(ids(others)).toEqual(["theirs"]);
  expect(preselected).toBe("new");
});

it("begins from none where there are those of others alone", () => {
  const all = [savepoint("theirs", "dp_other", 9)];
  expect(choicesAmong(all, MINE)).toEqual({ own: [], others: all, preselected: null });
});

it("has none of its own before it is made", () => {
  const { own, others, preselected } = choicesAmong([savepoint("a", MINE, 9)], null);
  expect([ids(own), ids(others), preselected]).toEqual([[], ["a"], null]);
});

it("offers once what two lists hold", () => {
  const twice = savepoint("twice", MINE, 9);
  expect(ids(choicesAmong([twice, savepoint("theirs", "dp_other", 2), twice], MINE).own)).toEqual(["twice"]);
});

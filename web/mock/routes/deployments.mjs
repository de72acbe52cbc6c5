/** Deployments and everything below one. */

import { checkpointMetricsAt, checkpointsOf } from "../data/checkpoints.mjs";
import { logLines, metricsAt, PLAN, runsOf } from "../data/deployments.mjs";
import { at, id } from "../data/ids.mjs";
import { savepoint, verdictOf } from "../data/savepoints.mjs";
import { Answer, byName, checkRevision, find, Problem, page, W } from "../http.mjs";
import { usable } from "./clusters.mjs";

const STARTED = Date.now() - 3_725_000;

/** Deployments that were to begin without state. */
const begunAnew = new WeakSet();

const savepointIn = ({ w, params }) => find(w.savepoints, "id", params.id, "savepoint");
const savepointOf = (restore) => restore?.savepoint;
const deploymentOf = ({ w, params }) => find(w.deployments, "id", params.id, "deployment");

export function deploymentRoutes(route) {
  route("GET", `${W}/deployments`, ({ w, query }) => {
    const [draft, phase] = [query.get("draft_id"), query.get("phase")];
    const wanted = w.deployments.filter(
      (each) => (!draft || each.draft_id === draft) && (!phase || phase.split(",").includes(each.phase)),
    );
    return page(wanted, query, byName);
  });
  route("POST", `${W}/deployments`, ({ mock, w, body }) => {
    if (body.cluster) find(usable(mock, w), "name", body.cluster, "cluster");
    const now = at(Date.now());
    const { restore, allow_reset: _allowed, ...content } = body;
    const deployment = {
      id: id("dp"),
      workspace: w.name,
      engine: body.cluster ? "flink" : "embedded",
      cluster: null,
      revision: 1,
      generation: 1,
      observed_generation: 0,
      phase: body.desired === "running" ? "starting" : "stopped",
      conditions: [],
      last_error: null,
      created_at: now,
      updated_at: now,
      parallelism: null,
      restore_savepoint: savepointOf(restore) ?? null,
      ...content,
    };
    w.deployments.unshift(deployment);
    settleSoon(deployment);
    return new Answer(201, deployment);
  });
  route("GET", `${W}/deployments/{id}`, (context) => deploymentOf(context));
  route("PATCH", `${W}/deployments/{id}`, (context) => {
    const deployment = deploymentOf(context);
    checkRevision(context.request, deployment);
    const { restore, allow_reset: _allowed, savepoint: kept, ...change } = context.body;
    if (kept) {
      context.w.savepoints.unshift(
        savepoint(deployment, { ...kept, age: 0, bytes: 52_000_000, at_stop: true }),
      );
    }
    if (restore && restore !== "latest") deployment.restore_savepoint = savepointOf(restore) ?? null;
    if (restore === "none") begunAnew.add(deployment);
    Object.assign(deployment, change, {
      revision: deployment.revision + 1,
      generation: deployment.generation + 1,
      updated_at: at(Date.now()),
      phase: { running: "starting", suspended: "stopping", stopped: "stopping" }[
        change.desired ?? deployment.desired
      ],
    });
    settleSoon(deployment);
    return deployment;
  });
  route("DELETE", `${W}/deployments/{id}`, (context) => {
    const deployment = deploymentOf(context);
    checkRevision(context.request, deployment);
    if (["running", "starting", "recovering"].includes(deployment.phase)) {
      throw new Problem(409, "conflict", "the deployment runs", { hint: "Stop it first." });
    }
    context.w.deployments.splice(context.w.deployments.indexOf(deployment), 1);
  });
  route("GET", `${W}/deployments/{id}/runs`, (context) => page(runsOf(deploymentOf(context)), context.query));
  route("GET", `${W}/deployments/{id}/checkpoints`, (context) => ({
    items: checkpointsOf(deploymentOf(context), Date.now()),
    next_cursor: null,
  }));
  route("GET", `${W}/savepoints`, ({ w, query }) => {
    const [deployment, status] = [query.get("deployment_id"), query.get("status")];
    const wanted = w.savepoints.filter(
      (each) => (!deployment || each.deployment_id === deployment) && (!status || each.status === status),
    );
    return page(wanted, query, byName);
  });
  route("POST", `${W}/deployments/{id}/savepoints`, (context) => {
    const asked = savepoint(deploymentOf(context), { ...context.body, age: 0, status: "pending" });
    context.w.savepoints.unshift(asked);
    setTimeout(() => {
      const taken = savepoint(deploymentOf(context), { name: asked.name, age: 0, bytes: 66_800_000 });
      Object.assign(asked, { ...taken, id: asked.id });
    }, 1500).unref();
    return new Answer(202, asked);
  });
  route("DELETE", `${W}/savepoints/{id}`, (context) => {
    const { savepoints } = context.w;
    savepoints.splice(savepoints.indexOf(savepointIn(context)), 1);
  });
  route("POST", `${W}/deployments/{id}/verdict`, (context) => {
    const { version, restore } = context.body;
    const deployment = deploymentOf(context);
    const from = savepointOf(restore);
    const kept = context.w.savepoints.find((each) => each.id === from) ?? deployment;
    const { draft_id, version: before } = kept;
    const of = restore === "none" ? null : { draft_id, version: before, savepoint_id: from ?? null };
    return verdictOf(of, version ?? deployment.version);
  });
  route("POST", `${W}/savepoints/{id}/verdict`, (context) => {
    const { id: savepoint_id, draft_id, version } = savepointIn(context);
    return verdictOf({ draft_id, version, savepoint_id }, context.body.version);
  });
  route("GET", `${W}/deployments/{id}/plan`, (context) => {
    deploymentOf(context);
    return PLAN;
  });
  route("GET", `${W}/deployments/{id}/metrics`, (context) => {
    const deployment = deploymentOf(context);
    if (runsOf(deployment).length === 0) {
      throw new Problem(404, "not-found", "there is no such thing", { detail: "no run has begun yet" });
    }
    return countedBy(deployment, Date.now());
  });
  route("GET", `${W}/deployments/{id}/logs`, (context) => {
    const [run] = runsOf(deploymentOf(context));
    const after = Number(context.query.get("after") ?? 0);
    const newest = Math.floor((Date.now() - STARTED) / 2_130);
    const count = Math.max(0, Math.min(500, newest - after));
    return {
      run: context.query.get("run") ?? run?.id ?? null,
      lines: run ? logLines(after, count, STARTED) : [],
      next: after + (run ? count : 0),
      skipped: false,
    };
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
      if (deployment.phase === "running") send("metrics", countedBy(deployment, Date.now()));
    };
    // A browser that has just come sees charts at once.
    if (deployment.phase === "running") {
      for (let back = 120; back > 0; back -= 1) {
        send("metrics", countedBy(deployment, Date.now() - back * 1000));
      }
    }
    tell();
    send.every(1000, tell);
  });
}

function countedBy(deployment, nowMs) {
  const checkpoints = checkpointMetricsAt(deployment, nowMs, begunAnew.has(deployment));
  return metricsAt(STARTED, nowMs, checkpoints);
}

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

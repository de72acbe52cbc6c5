/** Deployments and everything below one. */

import { checkpointMetricsAt, checkpointsOf } from "../data/checkpoints.mjs";
import { logLines, metricsAt, PLAN, runsOf } from "../data/deployments.mjs";
import { at, id } from "../data/ids.mjs";
import { Answer, byName, checkRevision, find, Problem, page, W } from "../http.mjs";

const STARTED = Date.now() - 3_725_000;

/** Deployments that were to begin without state. */
const begunAnew = new WeakSet();

const deploymentOf = ({ w, params }) => find(w.deployments, "id", params.id, "deployment");

export function deploymentRoutes(route) {
  route("GET", `${W}/deployments`, ({ w, query }) => {
    const [draft, phase] = [query.get("draft_id"), query.get("phase")];
    const wanted = w.deployments.filter(
      (each) => (!draft || each.draft_id === draft) && (!phase || phase.split(",").includes(each.phase)),
    );
    return page(wanted, query, byName);
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
      parallelism: null,
      ...body,
    };
    w.deployments.unshift(deployment);
    settleSoon(deployment);
    return new Answer(201, deployment);
  });
  route("GET", `${W}/deployments/{id}`, (context) => deploymentOf(context));
  route("PATCH", `${W}/deployments/{id}`, (context) => {
    const deployment = deploymentOf(context);
    checkRevision(context.request, deployment);
    const { restore, ...change } = context.body;
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

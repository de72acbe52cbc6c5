/** Clusters that jobs may run on. One that is attached here never answers. */

import { at } from "../data/ids.mjs";
import { byName, find, Problem, page, W } from "../http.mjs";

/** Those that a workspace may use, as it sees them. */
export const usable = ({ clusters }, { name }) =>
  clusters
    .filter(({ workspaces }) => workspaces.includes(name))
    .map(({ address, storage, workspaces, created_at, updated_at, ...seen }) => seen);

const clusterOf = ({ mock, params }) => find(mock.clusters, "name", params.name, "cluster");

export function clusterRoutes(route) {
  route("GET", "/clusters", ({ mock, query }) => page(mock.clusters, query, byName));
  route("GET", "/clusters/{name}", clusterOf);
  route("PUT", "/clusters/{name}", ({ mock, params, body }) => {
    if (!/^https?:\/\//.test(body.address)) {
      throw new Problem(422, "invalid", "the request is not valid", {
        detail: `address '${body.address}' is no place of a JobManager`,
        hint: "write where its REST interface listens: http://host:8081",
      });
    }
    const now = at(Date.now());
    const found = mock.clusters.find(({ name }) => name === params.name);
    if (found) return Object.assign(found, body, { updated_at: now });
    const made = {
      name: params.name,
      workspaces: [],
      ...body,
      unreachable: "the JobManager does not answer: io: Connection refused",
      version: null,
      task_managers: null,
      slots_total: null,
      slots_available: null,
      jobs_running: null,
      created_at: now,
      updated_at: now,
    };
    mock.clusters.push(made);
    mock.clusters.sort((one, other) => one.name.localeCompare(other.name));
    return made;
  });
  route("DELETE", "/clusters/{name}", (context) => {
    const { mock } = context;
    const cluster = clusterOf(context);
    const used = [...mock.workspaces.values()]
      .flatMap(({ deployments }) => deployments)
      .find((each) => each.cluster === cluster.name);
    if (used) {
      throw new Problem(409, "conflict", "something stands against it", {
        detail: `cluster '${cluster.name}' has deployments, '${used.name}' among them: delete those first`,
      });
    }
    mock.clusters.splice(mock.clusters.indexOf(cluster), 1);
  });
  route("GET", `${W}/clusters`, ({ mock, w, query }) => page(usable(mock, w), query, byName));
}

/** Clusters that jobs may run on: all of them for administrators, and those that a workspace may use. */

import { queryOptions } from "@tanstack/react-query";
import { api, path } from "./client";
import type { Cluster, ClusterContent, Page, UsableCluster } from "./types";

/** How often clusters are asked again how they are while someone looks at them. */
const REFRESH_MS = 5_000;

export const clustersQuery = queryOptions({
  queryKey: ["clusters"],
  queryFn: ({ signal }) => api.get<Page<Cluster>>("/clusters", { signal, query: { limit: 200 } }),
  refetchInterval: REFRESH_MS,
});

/** Attaches one, or changes the one of that name. */
export const saveCluster = (name: string, content: ClusterContent) =>
  api.put<Cluster>(path`/clusters/${name}`, content);

export const deleteCluster = (name: string) => api.delete(path`/clusters/${name}`);

export const usableClustersQuery = (ws: string) =>
  queryOptions({
    queryKey: ["ws", ws, "clusters"],
    queryFn: ({ signal }) =>
      api.get<Page<UsableCluster>>(path`/workspaces/${ws}/clusters`, { signal, query: { limit: 200 } }),
  });

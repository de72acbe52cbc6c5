/** What should run and what does. */

import { keepPreviousData, type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, path, type RequestOptions } from "./client";
import type {
  Checkpoint,
  Deployment,
  DeploymentChange,
  DeploymentContent,
  LogPage,
  Metrics,
  Page,
  Plan,
  Run,
} from "./types";

export const deploymentsKey = (ws: string) => ["ws", ws, "deployments"] as const;
export const deploymentKey = (ws: string, id: string) => ["ws", ws, "deployment", id] as const;

/** How often lists of deployments are read again while someone looks at them. */
const LIST_REFRESH_MS = 5_000;

export const deploymentsQuery = (
  ws: string,
  page: {
    q?: string | undefined;
    /** One or several, parted by commas. */
    phase?: string | undefined;
    cursor?: string | undefined;
    limit?: number;
    draft_id?: string;
  } = {},
) =>
  queryOptions({
    queryKey: [...deploymentsKey(ws), page],
    queryFn: ({ signal }) =>
      api.get<Page<Deployment>>(path`/workspaces/${ws}/deployments`, {
        signal,
        query: { limit: 50, ...page },
      }),
    placeholderData: keepPreviousData,
    refetchInterval: LIST_REFRESH_MS,
  });

/** What is told of a deployment comes by its stream; this often it is read again, in case something was missed. */
const DEPLOYMENT_REFRESH_MS = 10_000;

export const deploymentQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: deploymentKey(ws, id),
    queryFn: async ({ signal, client }) => {
      const read = await api.get<Deployment>(path`/workspaces/${ws}/deployments/${id}`, { signal });
      return newer(client.getQueryData<Deployment>(deploymentKey(ws, id)), read);
    },
    refetchInterval: DEPLOYMENT_REFRESH_MS,
  });

/** Takes what an answer or a stream says of a deployment, unless something newer is known already. */
export function takeDeployment(client: QueryClient, ws: string, deployment: Deployment): void {
  client.setQueryData<Deployment>(deploymentKey(ws, deployment.id), (known) => newer(known, deployment));
}

/** Answers and streams overtake each other: what came last is not always the newest. */
export function newer(known: Deployment | undefined, told: Deployment): Deployment {
  // Times are of one form, and compare as texts.
  return known && known.updated_at > told.updated_at ? known : told;
}

export const runsQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: [...deploymentKey(ws, id), "runs"],
    queryFn: ({ signal }) =>
      api.get<Page<Run>>(path`/workspaces/${ws}/deployments/${id}/runs`, { signal, query: { limit: 100 } }),
    refetchInterval: LIST_REFRESH_MS,
  });

/** Those that are retained, which are few: all of them are on one page. */
export const checkpointsQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: [...deploymentKey(ws, id), "checkpoints"],
    queryFn: ({ signal }) =>
      api.get<Page<Checkpoint>>(path`/workspaces/${ws}/deployments/${id}/checkpoints`, { signal }),
    refetchInterval: LIST_REFRESH_MS,
  });

export const planQuery = (ws: string, id: string, version: number) =>
  queryOptions({
    queryKey: [...deploymentKey(ws, id), "plan", version],
    queryFn: ({ signal }) => api.get<Plan>(path`/workspaces/${ws}/deployments/${id}/plan`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const metricsQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: [...deploymentKey(ws, id), "metrics"],
    queryFn: ({ signal }) => api.get<Metrics>(path`/workspaces/${ws}/deployments/${id}/metrics`, { signal }),
  });

export const readLog = (
  ws: string,
  id: string,
  query: { run: string | undefined; after: number },
  options: RequestOptions,
) => api.get<LogPage>(path`/workspaces/${ws}/deployments/${id}/logs`, { ...options, query });

export const deploymentEvents = (ws: string, id: string, options: RequestOptions) =>
  api.events("GET", path`/workspaces/${ws}/deployments/${id}/events`, undefined, options);

export const createDeployment = (ws: string, deployment: DeploymentContent) =>
  api.post<Deployment>(path`/workspaces/${ws}/deployments`, deployment);

export const changeDeployment = (
  ws: string,
  deployment: Pick<Deployment, "id" | "revision">,
  change: DeploymentChange,
) =>
  api.patch<Deployment>(path`/workspaces/${ws}/deployments/${deployment.id}`, change, {
    revision: deployment.revision,
  });

export const deleteDeployment = (ws: string, deployment: Pick<Deployment, "id" | "revision">) =>
  api.delete(path`/workspaces/${ws}/deployments/${deployment.id}`, { revision: deployment.revision });

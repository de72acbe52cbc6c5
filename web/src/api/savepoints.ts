/** States of deployments that people have asked to be kept, and what becomes of state in another version. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, path } from "./client";
import type { Page, Restore, Savepoint, Verdict } from "./types";

export const savepointsKey = (ws: string) => ["ws", ws, "savepoints"] as const;

/** How often a list is read again: soon, while somebody waits for one of them. */
const REFRESH_MS = 5_000;
const PENDING_REFRESH_MS = 1_000;

export const savepointsQuery = (
  ws: string,
  page: {
    deployment_id?: string;
    status?: Savepoint["status"];
    cursor?: string | undefined;
    limit?: number;
  } = {},
) =>
  queryOptions({
    queryKey: [...savepointsKey(ws), page],
    queryFn: ({ signal }) =>
      api.get<Page<Savepoint>>(path`/workspaces/${ws}/savepoints`, { signal, query: { limit: 50, ...page } }),
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) =>
      state.data?.items.some(({ status }) => status === "pending") ? PENDING_REFRESH_MS : REFRESH_MS,
  });

export const createSavepoint = (ws: string, deployment: string, name: string) =>
  api.post<Savepoint>(path`/workspaces/${ws}/deployments/${deployment}/savepoints`, { name });

export const deleteSavepoint = (ws: string, savepoint: string) =>
  api.delete(path`/workspaces/${ws}/savepoints/${savepoint}`);

/** Of a deployment that is there. What it is of may change at any time, and asking is cheap. */
export const verdictQuery = (ws: string, deployment: string, version: number, restore: Restore) =>
  queryOptions({
    queryKey: ["ws", ws, "verdict", deployment, version, restore],
    queryFn: () =>
      api.post<Verdict>(path`/workspaces/${ws}/deployments/${deployment}/verdict`, { version, restore }),
    staleTime: 0,
  });

/** Of a deployment that is to be made. */
export const savepointVerdictQuery = (ws: string, savepoint: string, draft: string, version: number) =>
  queryOptions({
    queryKey: ["ws", ws, "verdict", "savepoint", savepoint, draft, version],
    queryFn: () =>
      api.post<Verdict>(path`/workspaces/${ws}/savepoints/${savepoint}/verdict`, {
        draft_id: draft,
        version,
      }),
    staleTime: 0,
  });

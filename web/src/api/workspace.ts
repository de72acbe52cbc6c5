/** What belongs to a workspace beside its jobs: connections, secrets, members, the audit trail. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, errorOf, path } from "./client";
import type {
  AuditEvent,
  Bundle,
  BundleDiff,
  BundleReport,
  Connection,
  Files,
  Member,
  Operation,
  Page,
  Reached,
  Role,
  Secret,
  Workspace,
  WorkspaceContent,
  WorkspaceDetail,
} from "./types";

/** How often the numbers of a workspace are read again while someone looks at them. */
const SUMMARY_REFRESH_MS = 5_000;
const OPERATION_POLL_MS = 400;

const below = (ws: string, noun: string) => ["ws", ws, noun] as const;

export const secretsKey = (ws: string) => below(ws, "secrets");
export const connectionsKey = (ws: string) => below(ws, "connections");
export const membersKey = (ws: string) => below(ws, "members");

export const createWorkspace = (workspace: WorkspaceContent) => api.post<Workspace>("/workspaces", workspace);

export const workspaceQuery = (ws: string) =>
  queryOptions({
    queryKey: below(ws, "workspace"),
    queryFn: ({ signal }) => api.get<WorkspaceDetail>(path`/workspaces/${ws}`, { signal }),
    refetchInterval: SUMMARY_REFRESH_MS,
  });

export const deleteWorkspace = (ws: string) => api.delete(path`/workspaces/${ws}`);

export const exportWorkspace = (ws: string) => api.get<Bundle>(path`/workspaces/${ws}/export`);

export const diffImport = (ws: string, files: Files, prune: boolean) =>
  api.post<BundleDiff>(path`/workspaces/${ws}/import/diff`, { files, prune });

/** Begins an import, and comes back when it is over: with what has changed, or with why nothing has. */
export async function importWorkspace(ws: string, files: Files, prune: boolean): Promise<BundleReport> {
  let operation = await api.post<Operation>(path`/workspaces/${ws}/import`, { files, prune });
  while (operation.status === "running") {
    await new Promise((resolve) => setTimeout(resolve, OPERATION_POLL_MS));
    operation = await api.get<Operation>(path`/operations/${operation.id}`);
  }
  if (operation.problem) throw errorOf(operation.problem);
  return operation.result as BundleReport;
}

export const secretsQuery = (ws: string) =>
  queryOptions({
    queryKey: secretsKey(ws),
    queryFn: ({ signal }) =>
      api.get<Page<Secret>>(path`/workspaces/${ws}/secrets`, { signal, query: { limit: 200 } }),
  });

export const setSecret = (ws: string, name: string, value: string) =>
  api.put<Secret>(path`/workspaces/${ws}/secrets/${name}`, { value });

export const deleteSecret = (ws: string, name: string) => api.delete(path`/workspaces/${ws}/secrets/${name}`);

export const connectionsQuery = (ws: string) =>
  queryOptions({
    queryKey: connectionsKey(ws),
    queryFn: ({ signal }) =>
      api.get<Page<Connection>>(path`/workspaces/${ws}/connections`, { signal, query: { limit: 200 } }),
  });

export const saveConnection = (
  ws: string,
  { name, kind, options }: Pick<Connection, "name" | "kind" | "options">,
) => api.put<Connection>(path`/workspaces/${ws}/connections/${name}`, { kind, options });

export const deleteConnection = (ws: string, name: string) =>
  api.delete(path`/workspaces/${ws}/connections/${name}`);

/** Tries to reach what the connection names; its kind decides how. */
export const testConnection = (ws: string, name: string) =>
  api.post<Reached>(path`/workspaces/${ws}/connections/${name}/test`);

export const membersQuery = (ws: string) =>
  queryOptions({
    queryKey: membersKey(ws),
    queryFn: ({ signal }) =>
      api.get<Page<Member>>(path`/workspaces/${ws}/members`, { signal, query: { limit: 200 } }),
  });

export const setMember = (ws: string, user: string, role: Role) =>
  api.put<Member>(path`/workspaces/${ws}/members/${user}`, { role });

export const removeMember = (ws: string, user: string) => api.delete(path`/workspaces/${ws}/members/${user}`);

/** Of a workspace, or, for administrators, of the whole server. */
export const auditQuery = (
  ws: string | null,
  page: { q?: string | undefined; cursor?: string | undefined },
) =>
  queryOptions({
    queryKey: ws === null ? ["audit", page] : [...below(ws, "audit"), page],
    queryFn: ({ signal }) =>
      api.get<Page<AuditEvent>>(ws === null ? "/audit" : path`/workspaces/${ws}/audit`, {
        signal,
        query: { limit: 100, ...page },
      }),
    placeholderData: keepPreviousData,
  });

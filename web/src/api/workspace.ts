/** What belongs to a workspace beside its jobs: connections, secrets, members, the audit trail. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, path } from "./client";
import type { AuditEvent, Connection, Member, Page, Role, Secret, Workspace } from "./types";

const below = (ws: string, noun: string) => ["ws", ws, noun] as const;

export const secretsKey = (ws: string) => below(ws, "secrets");
export const connectionsKey = (ws: string) => below(ws, "connections");
export const membersKey = (ws: string) => below(ws, "members");

export const createWorkspace = (workspace: { name: string; display_name: string }) =>
  api.post<Workspace>("/workspaces", workspace);

export const secretsQuery = (ws: string) =>
  queryOptions({
    queryKey: secretsKey(ws),
    queryFn: ({ signal }) =>
      api.get<Page<Secret>>(path`/workspaces/${ws}/secrets`, { signal, query: { limit: 200 } }),
  });

export const setSecret = (ws: string, name: string, value: string) =>
  api.put<void>(path`/workspaces/${ws}/secrets/${name}`, { value });

export const deleteSecret = (ws: string, name: string) => api.delete(path`/workspaces/${ws}/secrets/${name}`);

export const connectionsQuery = (ws: string) =>
  queryOptions({
    queryKey: connectionsKey(ws),
    queryFn: ({ signal }) =>
      api.get<Page<Connection>>(path`/workspaces/${ws}/connections`, { signal, query: { limit: 200 } }),
  });

export const saveConnection = (ws: string, { name, kind, options }: Connection) =>
  api.put<void>(path`/workspaces/${ws}/connections/${name}`, { kind, options });

export const deleteConnection = (ws: string, name: string) =>
  api.delete(path`/workspaces/${ws}/connections/${name}`);

export const membersQuery = (ws: string) =>
  queryOptions({
    queryKey: membersKey(ws),
    queryFn: ({ signal }) =>
      api.get<Page<Member>>(path`/workspaces/${ws}/members`, { signal, query: { limit: 200 } }),
  });

export const setMember = (ws: string, user: string, role: Role) =>
  api.put<void>(path`/workspaces/${ws}/members/${user}`, { role });

export const removeMember = (ws: string, user: string) => api.delete(path`/workspaces/${ws}/members/${user}`);

export const auditQuery = (ws: string, page: { q?: string | undefined; cursor?: string | undefined }) =>
  queryOptions({
    queryKey: [...below(ws, "audit"), page],
    queryFn: ({ signal }) =>
      api.get<Page<AuditEvent>>(path`/workspaces/${ws}/audit`, { signal, query: { limit: 100, ...page } }),
    placeholderData: keepPreviousData,
  });

/** Who is signed in. The CSRF token of the session goes straight to the client. */

import { queryOptions } from "@tanstack/react-query";
import { api, SESSION, setCsrfToken } from "./client";
import type { Role, Session } from "./types";

function remember(session: Session): Session {
  setCsrfToken(session.csrf_token);
  return session;
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async ({ signal }) => remember(await api.get<Session>(SESSION, { signal })),
  staleTime: 5 * 60_000,
  retry: false,
});

export async function signIn(name: string, password: string): Promise<Session> {
  return remember(await api.post<Session>(SESSION, { name, password }));
}

export async function signOut(): Promise<void> {
  await api.delete(SESSION);
  setCsrfToken(null);
}

const ROLES: Role[] = ["viewer", "developer", "operator", "owner"];

export function roleIsAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}

export function roleIn(session: Session, workspace: string): Role {
  if (session.user.is_admin) return "owner";
  return session.workspaces.find((entry) => entry.name === workspace)?.role ?? "viewer";
}

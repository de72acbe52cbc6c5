/** API tokens and, for administrators, users. */

import { queryOptions } from "@tanstack/react-query";
import { api, path } from "./client";
import type { Page, Role, Token, User } from "./types";

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => api.get<Page<Token>>("/tokens", { signal, query: { limit: 200 } }),
});

/** The answer to creating a token holds its text, which is never shown again. */
export type NewToken = Token & { token: string };

export const createToken = (token: {
  name: string;
  workspace: string | null;
  role: Role;
  expires_at: string | null;
}) => api.post<NewToken>("/tokens", token);

export const deleteToken = (id: string) => api.delete(path`/tokens/${id}`);

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => api.get<Page<User>>("/users", { signal, query: { limit: 200 } }),
});

export const createUser = (user: { name: string; password: string; is_admin: boolean }) =>
  api.post<User>("/users", user);

export const deleteUser = (id: string) => api.delete(path`/users/${id}`);

/** API tokens and, for administrators, users. */

import { queryOptions } from "@tanstack/react-query";
import { api, path } from "./client";
import type { NewToken, Page, PasswordChange, Token, TokenContent, User, UserContent } from "./types";

export const tokensQuery = queryOptions({
  queryKey: ["tokens"],
  queryFn: ({ signal }) => api.get<Page<Token>>("/tokens", { signal, query: { limit: 200 } }),
});

/** The answer holds the token's text, which is never shown again. */
export const createToken = (token: TokenContent) => api.post<NewToken>("/tokens", token);

export const deleteToken = (id: string) => api.delete(path`/tokens/${id}`);

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: ({ signal }) => api.get<Page<User>>("/users", { signal, query: { limit: 200 } }),
});

export const createUser = (user: UserContent) => api.post<User>("/users", user);

export const deleteUser = (id: string) => api.delete(path`/users/${id}`);

/** One's own needs the current one. All other sessions of the user end. */
export const setPassword = (id: string, change: PasswordChange) =>
  api.put<void>(path`/users/${id}/password`, change);

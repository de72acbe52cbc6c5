/** Who is signed in, who may sign in, and their tokens. */

import { at, id } from "../data/ids.mjs";
import { Answer, find, Problem, page } from "../http.mjs";

export function accountRoutes(route) {
  route("GET", "/health", () => ({ status: "ok", version: "mock" }));
  route("GET", "/session", ({ mock }) => session(mock));
  route("POST", "/session", ({ mock, body }) => {
    if (body.password === "wrong") throw new Problem(401, "unauthorized", "not signed in");
    mock.isSignedIn = true;
    return session(mock);
  });
  route("DELETE", "/session", ({ mock }) => {
    mock.isSignedIn = false;
  });

  route("GET", "/tokens", ({ mock, query }) => page(mock.tokens, query));
  route("POST", "/tokens", ({ mock, body }) => {
    const token = {
      id: id("tk"),
      user: mock.users[0].id,
      created_at: at(Date.now()),
      last_used_at: null,
      ...body,
    };
    mock.tokens.unshift(token);
    return new Answer(201, { ...token, token: "oct_3k9vq2w8m1xr7c5t0zf4hy6nbd_example_only" });
  });
  route("DELETE", "/tokens/{id}", ({ mock, params }) => {
    mock.tokens.splice(mock.tokens.indexOf(find(mock.tokens, "id", params.id, "token")), 1);
  });

  route("GET", "/users", ({ mock, query }) => page(mock.users, query));
  route("POST", "/users", ({ mock, body: { password, ...user } }) => {
    const made = { id: id("us"), created_at: at(Date.now()), ...user };
    mock.users.push(made);
    return new Answer(201, made);
  });
  route("DELETE", "/users/{id}", ({ mock, params }) => {
    mock.users.splice(mock.users.indexOf(find(mock.users, "id", params.id, "user")), 1);
  });
  route("PUT", "/users/{id}/password", ({ mock, params, body }) => {
    const user = find(mock.users, "id", params.id, "user");
    if (user === mock.users[0] && body.current_password === "wrong") {
      throw new Problem(422, "invalid", "the request is not valid", {
        detail: "current_password is not the current one",
      });
    }
  });
}

function session({ users, workspaces }) {
  return {
    user: users[0],
    workspaces: [...workspaces.values()].map(({ name, display_name }) => ({
      name,
      display_name,
      role: "owner",
    })),
    csrf_token: "mock",
    mode: "users",
    expires_at: at(Date.now() + 12 * 3_600_000),
  };
}

/**
 * The map of the console: every address, what it takes from the URL, and the page that answers it.
 *
 * Pages load when they are first visited; editor, graph and charts come with the pages that show them. Everything a
 * reader would want to send to someone else (search, page, tab, selection) is in the address.
 */

import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { ApiError } from "./api/client";
import { sessionQuery } from "./api/session";
import type { Session } from "./api/types";
import { PageHeader } from "./components/PageHeader";
import { ErrorState, Loading } from "./components/States";

const LAST_WORKSPACE = "oceanus.workspace";

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({ component: Outlet });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: searchOf({ to: text }),
  component: lazyRouteComponent(() => import("./pages/sign-in/SignInPage"), "SignInPage"),
});

const index = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: async ({ context, location }) => {
    const { workspaces } = await requireSession(context.queryClient, location.href);
    const last = localStorage.getItem(LAST_WORKSPACE);
    const first = workspaces.find(({ name }) => name === last) ?? workspaces[0];
    throw first
      ? redirect({ to: "/w/$ws", params: { ws: first.name }, replace: true })
      : redirect({ to: "/new-workspace", replace: true });
  },
});

const newWorkspace = createRoute({
  getParentRoute: () => root,
  path: "/new-workspace",
  beforeLoad: ({ context, location }) => requireSession(context.queryClient, location.href).then(() => {}),
  component: lazyRouteComponent(() => import("./pages/new-workspace/NewWorkspacePage"), "NewWorkspacePage"),
});

const workspace = createRoute({
  getParentRoute: () => root,
  path: "/w/$ws",
  beforeLoad: async ({ context, location, params }) => {
    await requireSession(context.queryClient, location.href);
    localStorage.setItem(LAST_WORKSPACE, params.ws);
  },
  component: lazyRouteComponent(() => import("./components/Shell"), "Shell"),
});

const home = createRoute({
  getParentRoute: () => workspace,
  path: "/",
  component: lazyRouteComponent(() => import("./pages/home/HomePage"), "HomePage"),
});

const jobs = createRoute({
  getParentRoute: () => workspace,
  path: "/jobs",
  validateSearch: searchOf({ q: text, cursor: text }),
  component: lazyRouteComponent(() => import("./pages/jobs/JobsPage"), "JobsPage"),
});

const job = createRoute({
  getParentRoute: () => workspace,
  path: "/jobs/$draft",
  validateSearch: searchOf({
    tab: oneOf(["versions", "settings"]),
    panel: oneOf(["problems", "plan"]),
    view: oneOf(["table"]),
    version: number,
    against: number,
  }),
  component: lazyRouteComponent(() => import("./pages/job/JobPage"), "JobPage"),
});

const deployments = createRoute({
  getParentRoute: () => workspace,
  path: "/deployments",
  validateSearch: searchOf({ q: text, phase: text, cursor: text }),
  component: lazyRouteComponent(() => import("./pages/deployments/DeploymentsPage"), "DeploymentsPage"),
});

const deployment = createRoute({
  getParentRoute: () => workspace,
  path: "/deployments/$id",
  validateSearch: searchOf({
    tab: oneOf(["logs", "runs", "checkpoints", "sql"]),
    run: text,
    node: text,
    find: text,
    line: number,
    column: number,
  }),
  component: lazyRouteComponent(() => import("./pages/deployment/DeploymentPage"), "DeploymentPage"),
});

const catalog = createRoute({
  getParentRoute: () => workspace,
  path: "/catalog",
  validateSearch: searchOf({
    table: text,
    tab: oneOf(["sample", "ddl"]),
    q: text,
  }),
  component: lazyRouteComponent(() => import("./pages/catalog/CatalogPage"), "CatalogPage"),
});

const connections = createRoute({
  getParentRoute: () => workspace,
  path: "/connections",
  component: lazyRouteComponent(() => import("./pages/connections/ConnectionsPage"), "ConnectionsPage"),
});

const secrets = createRoute({
  getParentRoute: () => workspace,
  path: "/secrets",
  component: lazyRouteComponent(() => import("./pages/secrets/SecretsPage"), "SecretsPage"),
});

const members = createRoute({
  getParentRoute: () => workspace,
  path: "/members",
  component: lazyRouteComponent(() => import("./pages/members/MembersPage"), "MembersPage"),
});

const tokens = createRoute({
  getParentRoute: () => workspace,
  path: "/tokens",
  component: lazyRouteComponent(() => import("./pages/tokens/TokensPage"), "TokensPage"),
});

const users = createRoute({
  getParentRoute: () => workspace,
  path: "/users",
  component: lazyRouteComponent(() => import("./pages/users/UsersPage"), "UsersPage"),
});

const clusters = createRoute({
  getParentRoute: () => workspace,
  path: "/clusters",
  component: lazyRouteComponent(() => import("./pages/clusters/ClustersPage"), "ClustersPage"),
});

const ownPage = createRoute({
  getParentRoute: () => workspace,
  path: "/workspace",
  component: lazyRouteComponent(() => import("./pages/workspace/WorkspacePage"), "WorkspacePage"),
});

const audit = createRoute({
  getParentRoute: () => workspace,
  path: "/audit",
  validateSearch: searchOf({ of: oneOf(["server"]), q: text, cursor: text, event: number }),
  component: lazyRouteComponent(() => import("./pages/audit/AuditPage"), "AuditPage"),
});

const routeTree = root.addChildren([
  signIn,
  index,
  newWorkspace,
  workspace.addChildren([
    home,
    jobs,
    job,
    deployments,
    deployment,
    catalog,
    connections,
    secrets,
    members,
    tokens,
    users,
    clusters,
    ownPage,
    audit,
  ]),
]);

export function createConsoleRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch,
    defaultPendingComponent: () => <Loading />,
    defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} retry={reset} />,
    defaultNotFoundComponent: () => (
      <>
        <PageHeader title="Not found" />
        <ErrorState
          error={new ApiError(404, "there is no such page", null, "Check the address, or go back.")}
        />
      </>
    ),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}

async function requireSession(queryClient: QueryClient, href: string): Promise<Session> {
  try {
    return await queryClient.ensureQueryData(sessionQuery);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) {
      throw redirect({ to: "/sign-in", search: { to: href === "/" ? undefined : href } });
    }
    throw error;
  }
}

function stringifySearch(search: Record<string, unknown>): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

type Parser<Value> = (given: string) => Value | undefined;

/** What a page takes from the address after "?"; what it does not know, or cannot read, is left out. */
function searchOf<const Parsers extends Record<string, Parser<unknown>>>(parsers: Parsers) {
  type Search = { [Name in keyof Parsers]?: NonNullable<ReturnType<Parsers[Name]>> | undefined };
  return (given: Record<string, unknown> & { [Name in keyof Parsers]?: unknown }): Search => {
    const search: Record<string, unknown> = {};
    for (const [name, parse] of Object.entries(parsers)) {
      const value = given[name] === undefined ? undefined : parse(String(given[name]));
      if (value !== undefined) search[name] = value;
    }
    return search as Search;
  };
}

function text(given: string): string | undefined {
  return given === "" ? undefined : given;
}

function number(given: string): number | undefined {
  const parsed = Number(given);
  return given !== "" && Number.isSafeInteger(parsed) ? parsed : undefined;
}

/** Tabs whose name is not in the address show their first one. */
function oneOf<const Name extends string>(names: readonly Name[]): Parser<Name> {
  return (given) => names.find((name) => name === given);
}

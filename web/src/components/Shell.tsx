/** The frame of every page below a workspace: the rail with its places, the palette, and the page. */

import "./mantine";
import {
  ActionIcon,
  Menu,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { useQueryClient } from "@tanstack/react-query";
import {
  type AnyRoute,
  type AnyRouter,
  getRouteApi,
  Link,
  type LinkProps,
  Outlet,
  type RouteComponent,
  useNavigate,
  useRouter,
} from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { signOut } from "../api/session";
import { BrandMark } from "./Brand";
import {
  AuditIcon,
  CatalogIcon,
  CheckIcon,
  ChevronUpDownIcon,
  ClustersIcon,
  ConnectionsIcon,
  DeploymentsIcon,
  HomeIcon,
  JobsIcon,
  LockIcon,
  MembersIcon,
  MoonIcon,
  PlusIcon,
  SearchIcon,
  SecretsIcon,
  SignOutIcon,
  SunIcon,
  TokensIcon,
  UsersIcon,
  WorkspaceIcon,
} from "./icons";
import { LinkMenuItem } from "./Links";
import { notDone } from "./notify";
import { openPalette, Palette } from "./Palette";
import classes from "./Shell.module.css";
import { useSession } from "./useRole";
import { PageOnItsWay, ServerLost } from "./Weather";

const PasswordDialog = lazy(() =>
  import("./PasswordDialog").then((module) => ({ default: module.PasswordDialog })),
);

const route = getRouteApi("/w/$ws");
/** By then the first page has come. */
const PAGES_AHEAD_MS = 1_500;
const MODIFIER = /Mac|iPhone|iPad/.test(navigator.userAgent) ? "⌘" : "Ctrl";

export function Shell() {
  const { ws } = route.useParams();
  const router = useRouter();
  useEffect(() => loadPagesAhead(router), [router]);
  return (
    <div className={classes.shell}>
      <a className="skip-link" href="#page">
        Go to the page
      </a>
      <PageOnItsWay />
      <Rail ws={ws} />
      <div className={classes.side}>
        <ServerLost />
        {/* Another workspace is another world: nothing of the old one stays. */}
        <main id="page" className={classes.page} tabIndex={-1} key={ws}>
          <Outlet />
        </main>
      </div>
      <Palette ws={ws} />
      <Notifications position="bottom-right" limit={4} />
    </div>
  );
}

function Rail({ ws }: { ws: string }) {
  const { user } = useSession();
  const params = { ws };
  return (
    <nav className={classes.rail} aria-label="Main">
      <div className={classes.brand}>
        <BrandMark />
        <span className={classes.name}>Oceanus</span>
      </div>
      <WorkspaceMenu ws={ws} />
      <button type="button" className={classes.search} onClick={openPalette} aria-keyshortcuts="Control+K">
        <SearchIcon size={14} />
        <span className={classes.word}>Find</span>
        <kbd>{MODIFIER} K</kbd>
      </button>
      <ul className={classes.places}>
        <Place to="/w/$ws" params={params} icon={<HomeIcon />} word="Home" exact />
        <Place to="/w/$ws/jobs" params={params} icon={<JobsIcon />} word="Jobs" />
        <Place to="/w/$ws/deployments" params={params} icon={<DeploymentsIcon />} word="Deployments" />
        <Place to="/w/$ws/catalog" params={params} icon={<CatalogIcon />} word="Catalog" />
      </ul>
      <ul className={classes.places} data-lower>
        <Place to="/w/$ws/connections" params={params} icon={<ConnectionsIcon />} word="Connections" />
        <Place to="/w/$ws/secrets" params={params} icon={<SecretsIcon />} word="Secrets" />
        <Place to="/w/$ws/members" params={params} icon={<MembersIcon />} word="Members" />
        <Place to="/w/$ws/audit" params={params} icon={<AuditIcon />} word="Audit" />
        <Place to="/w/$ws/workspace" params={params} icon={<WorkspaceIcon />} word="Workspace" />
      </ul>
      <ul className={classes.places} data-lower>
        <Place to="/w/$ws/tokens" params={params} icon={<TokensIcon />} word="API tokens" />
        {user.is_admin && <Place to="/w/$ws/users" params={params} icon={<UsersIcon />} word="Users" />}
        {user.is_admin && (
          <Place to="/w/$ws/clusters" params={params} icon={<ClustersIcon />} word="Clusters" />
        )}
      </ul>
      <div className={classes.foot}>
        <SchemeButton />
        <UserMenu />
      </div>
    </nav>
  );
}

function Place({
  icon,
  word,
  exact = false,
  ...target
}: {
  icon: ReactNode;
  word: string;
  exact?: boolean;
  to: LinkProps["to"];
  params: { ws: string };
}) {
  return (
    <li>
      <Link
        {...(target as LinkProps)}
        className={classes.place}
        activeOptions={{ exact, includeSearch: false }}
        activeProps={{ "aria-current": "page" }}
        title={word}
      >
        {icon}
        <span className={classes.word}>{word}</span>
      </Link>
    </li>
  );
}

function WorkspaceMenu({ ws }: { ws: string }) {
  const { workspaces, user } = useSession();
  const shown = workspaces.find(({ name }) => name === ws);
  return (
    <Menu position="bottom-start" width={220}>
      <Menu.Target>
        <UnstyledButton className={classes.workspace}>
          <span className={classes.initial} aria-hidden="true">
            {ws.charAt(0).toUpperCase()}
          </span>
          <span className="spoken">Workspace: </span>
          <span className={`${classes.word} truncate`}>{shown?.display_name ?? ws}</span>
          <span className={classes.word}>
            <ChevronUpDownIcon size={13} />
          </span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Workspaces</Menu.Label>
        {workspaces.map(({ name, display_name, role }) => (
          <LinkMenuItem
            key={name}
            to="/w/$ws"
            params={{ ws: name }}
            rightSection={name === ws ? <CheckIcon size={13} /> : <span className="dimmed">{role}</span>}
          >
            {display_name ?? name}
          </LinkMenuItem>
        ))}
        {user.is_admin && (
          <>
            <Menu.Divider />
            <LinkMenuItem to="/new-workspace" leftSection={<PlusIcon size={13} />}>
              New workspace
            </LinkMenuItem>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const next = useComputedColorScheme() === "dark" ? "light" : "dark";
  return (
    <Tooltip label={`Show ${next} colours`} position="right">
      <ActionIcon
        className={classes.footButton ?? ""}
        aria-label={`Show ${next} colours`}
        onClick={() => setColorScheme(next)}
      >
        {next === "dark" ? <MoonIcon /> : <SunIcon />}
      </ActionIcon>
    </Tooltip>
  );
}

function UserMenu() {
  const { user, mode } = useSession();
  const { name } = user;
  const [isChanging, setChanging] = useState(false);
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const leave = async () => {
    try {
      await signOut();
      queryClient.clear();
      navigate({ to: "/sign-in" });
    } catch (error) {
      notDone("Could not sign out", error);
    }
  };
  const who = (
    <>
      <span className={classes.avatar} aria-hidden="true">
        {name.charAt(0).toUpperCase()}
      </span>
      <span className="spoken">Signed in: </span>
      <span className={`${classes.word} truncate`}>{name}</span>
    </>
  );
  // Where there is one user there is nobody to become, and nothing to choose.
  if (mode === "single_user") {
    return (
      <div className={classes.user} title="The only user of this server: nobody signs in or out">
        {who}
      </div>
    );
  }
  return (
    <>
      <Menu position="top-start" width={200}>
        <Menu.Target>
          <UnstyledButton className={classes.user}>{who}</UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Signed in as {name}</Menu.Label>
          <Menu.Item leftSection={<LockIcon size={14} />} onClick={() => setChanging(true)}>
            Change your password
          </Menu.Item>
          <Menu.Item leftSection={<SignOutIcon size={14} />} onClick={leave}>
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isChanging && (
        <Suspense>
          <PasswordDialog user={user} isOwn onClose={() => setChanging(false)} />
        </Suspense>
      )}
    </>
  );
}

/** While nothing else is to do: pages open at once, and open even when the server is lost. */
function loadPagesAhead(router: AnyRouter): () => void {
  const load = () => {
    for (const { options } of Object.values<AnyRoute>(router.routesById)) {
      // What cannot be loaded now is loaded when it is needed.
      (options.component as RouteComponent | undefined)?.preload?.()?.catch(() => {});
    }
  };
  const timer = setTimeout(load, PAGES_AHEAD_MS);
  return () => clearTimeout(timer);
}

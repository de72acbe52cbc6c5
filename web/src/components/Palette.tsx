/** Find anything by a few letters: places, jobs, deployments, tables. Control+K (⌘K) opens it from anywhere. */

import { useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { catalogQuery } from "../api/catalog";
import { deploymentsQuery } from "../api/deployments";
import { draftsQuery } from "../api/drafts";
import { formatName } from "../lib/tableName";
import {
  CatalogIcon,
  ClustersIcon,
  DeploymentsIcon,
  HomeIcon,
  JobsIcon,
  MembersIcon,
  MoonIcon,
  SearchIcon,
  SecretsIcon,
  TableIcon,
  TokensIcon,
} from "./icons";
import { Phase } from "./Phase";
import { useSession } from "./useRole";

const FOUND_MAX = 6;

const [store, palette] = createSpotlight();
export const openPalette = palette.open;

/** Spotlight chooses the first line when the reader types; what the server finds comes later. */
function chooseFirst(): void {
  const { listId } = store.getState();
  const lines = document.getElementById(listId)?.querySelectorAll("[data-action]") ?? [];
  for (const line of lines) line.removeAttribute("data-selected");
  lines[0]?.setAttribute("data-selected", "true");
  store.updateState((state) => ({ ...state, selected: 0 }));
}

interface Found {
  id: string;
  label: string;
  icon: ReactNode;
  beside?: ReactNode;
  go: () => void;
}

export function Palette({ ws }: { ws: string }) {
  const navigate = useNavigate();
  const { user } = useSession();
  const { setColorScheme } = useMantineColorScheme();
  const [isOpen, setOpen] = useState(false);
  const [query, setQuery] = useState("");
  const [q] = useDebouncedValue(query.trim(), 120);
  const page = { q: q || undefined, limit: FOUND_MAX };
  const drafts = useQuery({ ...draftsQuery(ws, page), enabled: isOpen });
  const deployments = useQuery({ ...deploymentsQuery(ws, page), enabled: isOpen, refetchInterval: false });
  const catalog = useQuery({ ...catalogQuery(ws), enabled: isOpen });

  const matches = (text: string) => text.toLowerCase().includes(query.trim().toLowerCase());
  const params = { ws };
  const places: Found[] = [
    { id: "home", label: "Home", icon: <HomeIcon />, go: () => navigate({ to: "/w/$ws", params }) },
    { id: "jobs", label: "Jobs", icon: <JobsIcon />, go: () => navigate({ to: "/w/$ws/jobs", params }) },
    {
      id: "deployments",
      label: "Deployments",
      icon: <DeploymentsIcon />,
      go: () => navigate({ to: "/w/$ws/deployments", params }),
    },
    {
      id: "catalog",
      label: "Catalog",
      icon: <CatalogIcon />,
      go: () => navigate({ to: "/w/$ws/catalog", params }),
    },
    {
      id: "secrets",
      label: "Secrets",
      icon: <SecretsIcon />,
      go: () => navigate({ to: "/w/$ws/secrets", params }),
    },
    {
      id: "members",
      label: "Members",
      icon: <MembersIcon />,
      go: () => navigate({ to: "/w/$ws/members", params }),
    },
    {
      id: "tokens",
      label: "API tokens",
      icon: <TokensIcon />,
      go: () => navigate({ to: "/w/$ws/tokens", params }),
    },
    ...(user.is_admin
      ? [
          {
            id: "clusters",
            label: "Clusters",
            icon: <ClustersIcon />,
            go: () => navigate({ to: "/w/$ws/clusters", params }),
          },
        ]
      : []),
    ...(["light", "dark", "auto"] as const).map((scheme) => ({
      id: `colours-${scheme}`,
      label: scheme === "auto" ? "Colours as the system has them" : `Colours: ${scheme}`,
      icon: <MoonIcon />,
      go: () => setColorScheme(scheme),
    })),
  ].filter(({ label }) => matches(label));
  const groups: [string, Found[]][] = [
    [
      "Jobs",
      (drafts.data?.items ?? []).map(({ id, name }) => ({
        id,
        label: name,
        icon: <JobsIcon />,
        go: () => navigate({ to: "/w/$ws/jobs/$draft", params: { ws, draft: id } }),
      })),
    ],
    [
      "Deployments",
      (deployments.data?.items ?? []).map(({ id, name, phase }) => ({
        id,
        label: name,
        icon: <DeploymentsIcon />,
        beside: <Phase phase={phase} />,
        go: () => navigate({ to: "/w/$ws/deployments/$id", params: { ws, id } }),
      })),
    ],
    [
      "Tables",
      (catalog.data?.catalogs ?? [])
        .flatMap(({ name: catalog, databases }) =>
          databases.flatMap(({ name: database, tables }) =>
            tables.map(({ name }) => ({ name, full: formatName({ catalog, database, table: name }) })),
          ),
        )
        .filter(({ full }) => matches(full))
        .slice(0, FOUND_MAX)
        .map(({ name, full }) => ({
          id: full,
          label: name,
          icon: <TableIcon />,
          beside: <span className="dimmed">{full}</span>,
          go: () => navigate({ to: "/w/$ws/catalog", params, search: { table: full } }),
        })),
    ],
    ["Go to", places],
  ];
  const names = groups.flatMap(([, found]) => found.map(({ id }) => id)).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines, another first one
  useEffect(() => {
    if (isOpen && query !== "") chooseFirst();
  }, [isOpen, query, names]);
  const isEmpty = groups.every(([, found]) => found.length === 0);
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={setQuery}
      shortcut="mod + K"
      onSpotlightOpen={() => setOpen(true)}
      onSpotlightClose={() => setOpen(false)}
      attributes={{ content: { "aria-label": "Find" } }}
      scrollable
      overlayProps={{ blur: 0, backgroundOpacity: 0.45, color: "#04121a" }}
      maxHeight={420}
    >
      <Spotlight.Search placeholder="Find a job, a deployment, a table…" leftSection={<SearchIcon />} />
      <Spotlight.ActionsList>
        {groups.map(
          ([group, found]) =>
            found.length > 0 && (
              <Spotlight.ActionsGroup key={group} label={group}>
                {found.map(({ id, label, icon, beside, go }) => (
                  <Spotlight.Action
                    key={id}
                    label={label}
                    leftSection={icon}
                    rightSection={beside}
                    onClick={go}
                  />
                ))}
              </Spotlight.ActionsGroup>
            ),
        )}
        {isEmpty && <Spotlight.Empty>Nothing has that name</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}

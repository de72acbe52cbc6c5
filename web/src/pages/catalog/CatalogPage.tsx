/** What can be read and written: catalogs, databases, tables and views. */

import { Button, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { catalogQuery } from "../../api/catalog";
import type { CatalogTree } from "../../api/types";
import {
  ChevronDownIcon,
  ChevronRightIcon,
  PlusIcon,
  SearchIcon,
  TableIcon,
  ViewIcon,
} from "../../components/icons";
import { PageHeader } from "../../components/PageHeader";
import { Empty, ErrorState, Loading } from "../../components/States";
import { useRole } from "../../components/useRole";
import { formatName, parseName } from "../../lib/tableName";
import classes from "./CatalogPage.module.css";
import { StatementDialog } from "./StatementDialog";
import { TableDetail } from "./TableDetail";

const route = getRouteApi("/w/$ws/catalog");

const NEW_TABLE = `CREATE TABLE my_table (
  id BIGINT,
  name STRING,
  happened_at TIMESTAMP(3),
  WATERMARK FOR happened_at AS happened_at - INTERVAL '5' SECOND
) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '10'
);
`;

export function CatalogPage() {
  const { ws } = route.useParams();
  const { table, q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const { isAtLeast } = useRole(ws);
  const catalog = useQuery(catalogQuery(ws));
  const [isWriting, setWriting] = useState(false);
  const chosen = table ? parseName(table) : null;
  const all = namesIn(catalog.data);
  const newTable = (
    <Button
      variant="filled"
      disabled={!isAtLeast("developer")}
      leftSection={<PlusIcon size={14} />}
      onClick={() => setWriting(true)}
    >
      New table
    </Button>
  );

  return (
    <div className={classes.page}>
      <PageHeader title="Catalog" actions={newTable} />
      {catalog.isPending ? (
        <Loading rows={10} />
      ) : catalog.isLoadingError ? (
        <ErrorState error={catalog.error} retry={catalog.refetch} />
      ) : all.length === 0 ? (
        <div className={`panel ${classes.alone}`}>
          <Empty title="The catalog is empty" action={newTable}>
            Tables and views made here can be used by every job of the workspace. A job can also define
            temporary ones of its own.
          </Empty>
        </div>
      ) : (
        <div className={classes.columns}>
          <nav className={`panel ${classes.tree}`} aria-label="Tables">
            <div className={classes.filter}>
              <TextInput
                type="search"
                aria-label="Filter tables"
                placeholder="Filter tables"
                leftSection={<SearchIcon size={13} />}
                value={q}
                onChange={({ currentTarget: { value } }) =>
                  navigate({ search: (search) => ({ ...search, q: value || undefined }), replace: true })
                }
              />
            </div>
            <Tree ws={ws} tree={catalog.data} filter={q} chosen={table} />
          </nav>
          <section className={`panel ${classes.detail}`} aria-label="Table">
            {chosen ? (
              <TableDetail key={table} ws={ws} name={chosen} canWrite={isAtLeast("developer")} />
            ) : (
              <Empty title="Choose a table">
                Its columns, options, definition and some of its rows are shown here.
              </Empty>
            )}
          </section>
        </div>
      )}
      {isWriting && (
        <StatementDialog
          ws={ws}
          title="New table or view"
          initial={NEW_TABLE}
          action="Create"
          onClose={() => setWriting(false)}
        />
      )}
    </div>
  );
}

function Tree({
  ws,
  tree,
  filter,
  chosen,
}: {
  ws: string;
  tree: CatalogTree;
  filter: string;
  chosen: string | undefined;
}) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const toggle = (path: string) =>
    setClosed((before) => {
      const next = new Set(before);
      if (!next.delete(path)) next.add(path);
      return next;
    });
  const wanted = filter.toLowerCase();
  return (
    <ul className={classes.level}>
      {tree.catalogs.map(({ name: catalog, databases }) => (
        <Branch
          key={catalog}
          name={catalog}
          isOpen={!closed.has(catalog)}
          onToggle={() => toggle(catalog)}
          depth={0}
        >
          {databases.map(({ name: database, tables }) => {
            const path = `${catalog}.${database}`;
            const shown = tables.filter(({ name }) => name.toLowerCase().includes(wanted));
            return (
              <Branch
                key={database}
                name={database}
                count={tables.length}
                isOpen={wanted !== "" || !closed.has(path)}
                onToggle={() => toggle(path)}
                depth={1}
              >
                {shown.map(({ name, kind, connector }) => {
                  const full = formatName({ catalog, database, table: name });
                  return (
                    <li key={name}>
                      <Link
                        className={classes.leaf ?? ""}
                        from="/w/$ws/catalog"
                        to="/w/$ws/catalog"
                        params={{ ws }}
                        search={(search) => ({ ...search, table: full })}
                        aria-current={full === chosen || undefined}
                      >
                        {kind === "view" ? <ViewIcon size={14} /> : <TableIcon size={14} />}
                        <span className="truncate">{name}</span>
                        <span className={classes.connector}>{kind === "view" ? "view" : connector}</span>
                      </Link>
                    </li>
                  );
                })}
                {shown.length === 0 && (
                  <li className={classes.none}>{wanted ? "none match" : "no tables"}</li>
                )}
              </Branch>
            );
          })}
        </Branch>
      ))}
    </ul>
  );
}

function Branch({
  name,
  count,
  depth,
  isOpen,
  onToggle,
  children,
}: {
  name: string;
  count?: number;
  depth: number;
  isOpen: boolean;
  onToggle: () => void;
  children: ReactNode;
}) {
  return (
    <li>
      <button
        type="button"
        className={classes.branch}
        style={{ paddingLeft: 8 + depth * 14 }}
        aria-expanded={isOpen}
        onClick={onToggle}
      >
        {isOpen ? <ChevronDownIcon size={11} /> : <ChevronRightIcon size={11} />}
        <span className="truncate">{name}</span>
        {count !== undefined && <span className={classes.connector}>{count}</span>}
      </button>
      {isOpen && <ul className={classes.level}>{children}</ul>}
    </li>
  );
}

function namesIn(tree: CatalogTree | undefined): string[] {
  return (tree?.catalogs ?? []).flatMap(({ databases }) =>
    databases.flatMap(({ tables }) => tables.map(({ name }) => name)),
  );
}

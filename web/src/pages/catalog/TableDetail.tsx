/** One table or view: its columns and options, some rows, its definition. */

import { ActionIcon, Button, Menu, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { sampleQuery, type TableName, tableQuery } from "../../api/catalog";
import type { TableDetail as Detail } from "../../api/types";
import { CopyText } from "../../components/CopyText";
import { DataGrid } from "../../components/DataGrid";
import { EditIcon, MoreIcon, RefreshIcon, TrashIcon } from "../../components/icons";
import { SqlEditor } from "../../components/SqlEditor";
import { Empty, ErrorState, Loading } from "../../components/States";
import { count } from "../../lib/format";
import { StatementDialog } from "./StatementDialog";
import classes from "./TableDetail.module.css";

const route = getRouteApi("/w/$ws/catalog");
const SAMPLE_ROWS = 100;

export function TableDetail({ ws, name, canWrite }: { ws: string; name: TableName; canWrite: boolean }) {
  const { tab = "columns" } = route.useSearch();
  const navigate = route.useNavigate();
  const table = useQuery(tableQuery(ws, name));
  const [statement, setStatement] = useState<"alter" | "drop" | null>(null);
  if (table.isPending) return <Loading rows={8} />;
  if (table.isLoadingError) return <ErrorState error={table.error} retry={table.refetch} />;
  const noun = table.data.kind === "view" ? "VIEW" : "TABLE";
  const full = [name.catalog, name.database, name.table]
    .map((part) => `\`${part.replaceAll("`", "``")}\``)
    .join(".");
  return (
    <>
      <div className="panel-head">
        <h2 className="truncate">{name.table}</h2>
        <span className="dimmed truncate">
          {name.catalog}.{name.database}
        </span>
        <span className="end">
          <Menu>
            <Menu.Target>
              <ActionIcon aria-label="More about this table">
                <MoreIcon />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                disabled={!canWrite}
                leftSection={<EditIcon size={14} />}
                onClick={() => setStatement("alter")}
              >
                Change it by a statement
              </Menu.Item>
              <Menu.Item
                color="var(--o-bad)"
                disabled={!canWrite}
                leftSection={<TrashIcon size={14} />}
                onClick={() => setStatement("drop")}
              >
                Drop it
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </span>
      </div>
      <Tabs
        className={classes.tabs ?? ""}
        value={tab}
        onChange={(next) =>
          navigate({
            search: (search) => ({
              ...search,
              tab: next === "columns" ? undefined : (next as "sample" | "ddl"),
            }),
            replace: true,
          })
        }
      >
        <Tabs.List>
          <Tabs.Tab value="columns">Columns</Tabs.Tab>
          <Tabs.Tab value="sample">Sample rows</Tabs.Tab>
          <Tabs.Tab value="ddl">Definition</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="columns" className={classes.panel}>
          <Columns table={table.data} />
        </Tabs.Panel>
        <Tabs.Panel value="sample" className={classes.panel}>
          {tab === "sample" && <SampleRows ws={ws} name={name} />}
        </Tabs.Panel>
        <Tabs.Panel value="ddl" className={classes.panel}>
          <div className={classes.ddlBar}>
            <CopyText text={table.data.ddl} label="Copy" />
          </div>
          <SqlEditor value={table.data.ddl} readOnly label={`Definition of ${name.table}`} />
        </Tabs.Panel>
      </Tabs>
      {statement && (
        <StatementDialog
          ws={ws}
          title={statement === "drop" ? `Drop ${name.table}?` : `Change ${name.table}`}
          initial={
            statement === "drop"
              ? `DROP ${noun} ${full};\n`
              : noun === "VIEW"
                ? `ALTER VIEW ${full} AS\nSELECT 1;\n`
                : `ALTER TABLE ${full} SET (\n  'option' = 'value'\n);\n`
          }
          action={statement === "drop" ? "Drop it" : "Change it"}
          isDangerous={statement === "drop"}
          onClose={() => setStatement(null)}
          onDone={() =>
            statement === "drop" &&
            navigate({ search: (search) => ({ ...search, table: undefined }), replace: true })
          }
        />
      )}
    </>
  );
}

function Columns({ table: { columns, options } }: { table: Detail }) {
  const named = Object.entries(options);
  return (
    <div className={classes.scroll}>
      <table className="plain">
        <thead>
          <tr>
            <th>Column</th>
            <th>Type</th>
            <th>Kind</th>
            <th>Comment</th>
          </tr>
        </thead>
        <tbody>
          {columns.map(({ name, type, kind, comment }) => (
            <tr key={name}>
              <td className="mono">{name}</td>
              <td className={`mono wrap ${classes.type}`}>{type}</td>
              <td className="dimmed">{kind}</td>
              <td className="dimmed">{comment}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {named.length > 0 && (
        <>
          <h3 className={classes.title}>Options</h3>
          <table className="plain">
            <thead>
              <tr>
                <th>Option</th>
                <th>Value</th>
              </tr>
            </thead>
            <tbody>
              {named.map(([name, value]) => (
                <tr key={name}>
                  <td className="mono">{name}</td>
                  <td className="mono wrap">{value}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </div>
  );
}

function SampleRows({ ws, name }: { ws: string; name: TableName }) {
  const sample = useQuery(sampleQuery(ws, name, SAMPLE_ROWS));
  if (sample.isPending) return <Loading rows={8} label="Reading rows" />;
  if (sample.error) return <ErrorState error={sample.error} retry={sample.refetch} />;
  const { columns, rows } = sample.data;
  return (
    <>
      <div className={classes.ddlBar}>
        <span className="dimmed">
          {rows.length === SAMPLE_ROWS
            ? `The first ${count(SAMPLE_ROWS)} rows`
            : `${count(rows.length)} rows`}
        </span>
        <Button
          leftSection={<RefreshIcon size={13} />}
          loading={sample.isFetching}
          onClick={() => sample.refetch()}
        >
          Read again
        </Button>
      </div>
      {rows.length === 0 ? (
        <Empty compact title="No rows came">
          The table is empty, or nothing arrived in time.
        </Empty>
      ) : (
        <DataGrid label={`Rows of ${name.table}`} columns={columns} rows={rows.map((row) => ({ row }))} />
      )}
    </>
  );
}

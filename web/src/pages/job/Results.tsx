/** The rows of a preview: as the changes that came, or as the table they add up to. */

import { SegmentedControl } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo } from "react";
import { DataGrid, type GridRow } from "../../components/DataGrid";
import { Problems } from "../../components/Problems";
import { Empty, ErrorState, Loading } from "../../components/States";
import { count, dateTime, duration, words } from "../../lib/format";
import classes from "./Results.module.css";
import { type Preview, ROWS_MAX } from "./usePreview";

const route = getRouteApi("/w/$ws/jobs/$draft");

const REASONS: Record<string, string> = {
  finished: "all rows",
  limit: "stopped at the limit of rows",
  time: "stopped at the limit of time",
  bytes: "stopped at the limit of bytes",
};

export function Results({
  preview,
  onGoTo,
}: {
  preview: Preview;
  onGoTo: (line: number, column: number) => void;
}) {
  const { view } = route.useSearch();
  const navigate = route.useNavigate();
  const isTable = view === "table";
  // The table grows in place; each preview object is a newer look at it.
  const rows: GridRow[] = useMemo(
    () => (isTable ? preview.table.rows().map((row) => ({ row })) : preview.changes),
    [preview, isTable],
  );
  if (preview.status === "idle") {
    return (
      <Empty compact title="No rows yet">
        Run the text: the rows of its last query arrive here.
      </Empty>
    );
  }
  if (preview.status === "failed" && preview.changes.length === 0) {
    return preview.diagnostics.length > 0 ? (
      <div className={classes.failed}>
        <Problems diagnostics={preview.diagnostics} onGoTo={onGoTo} />
      </div>
    ) : (
      <ErrorState error={preview.error} />
    );
  }
  return (
    <>
      <div className={classes.bar}>
        <SegmentedControl
          aria-label="Show rows as"
          value={isTable ? "table" : "changes"}
          onChange={(next) =>
            navigate({
              search: (search) => ({ ...search, view: next === "table" ? "table" : undefined }),
              replace: true,
            })
          }
          data={[
            { value: "changes", label: "Changelog" },
            { value: "table", label: "Table" },
          ]}
        />
        <Facts preview={preview} />
      </div>
      {preview.status === "failed" && <Problems diagnostics={preview.diagnostics} onGoTo={onGoTo} />}
      {preview.columns.length === 0 ? (
        <Loading rows={3} label="Waiting for the first row" />
      ) : rows.length === 0 && preview.status !== "running" ? (
        <Empty
          compact
          title={isTable && preview.changes.length > 0 ? "The table is empty" : "No rows came"}
        />
      ) : (
        <DataGrid
          key={isTable ? "table" : "changes"}
          label={isTable ? "Rows of the table" : "Changes"}
          columns={preview.columns}
          rows={rows}
          withOps={!isTable}
          follow={!isTable && preview.status === "running"}
        />
      )}
    </>
  );
}

function Facts({ preview }: { preview: Preview }) {
  const { changes, table, statistics, firstRowMs, elapsedMs, status, reason } = preview;
  const state =
    status === "running"
      ? "running"
      : status === "cancelled"
        ? "stopped by you"
        : status === "failed"
          ? "failed"
          : (REASONS[reason ?? ""] ?? words(reason ?? "ended"));
  return (
    <div className={classes.facts}>
      <span data-state={status} className={classes.state}>
        {state}
      </span>
      <span>
        {count(changes.length)} {changes.length === 1 ? "change" : "changes"}
        {changes.length >= ROWS_MAX && " shown"}
      </span>
      <span>
        {count(table.size)} {table.size === 1 ? "row" : "rows"}
      </span>
      {statistics && <span>{count(statistics.rows_in)} read</span>}
      {statistics?.watermark && <span>watermark {dateTime(statistics.watermark)}</span>}
      {firstRowMs !== null && <span>first row after {duration(firstRowMs)}</span>}
      <span>{duration(elapsedMs)}</span>
    </div>
  );
}

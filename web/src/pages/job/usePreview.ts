/**
 * Runs a text and collects its rows as they arrive.
 *
 * Rows land in arrays that grow in place; the page is told at most once a frame. Leaving the page or running again closes
 * the connection, which stops the work on the server.
 */

import { useCallback, useEffect, useRef, useState } from "react";
import { ApiError } from "../../api/client";
import { previewEvents } from "../../api/drafts";
import { parseExact } from "../../api/json";
import type { ChangelogRow, ColumnType, Diagnostic, PreviewStatistics, Settings } from "../../api/types";
import { MaterializedTable } from "../../lib/changelog";

/** As many as the server gives at most. */
export const ROWS_MAX = 1_000;

export interface Preview {
  status: "idle" | "running" | "ended" | "cancelled" | "failed";
  columns: ColumnType[];
  /** Every change in the order of its arrival. */
  changes: ChangelogRow[];
  /** What the changes add up to. */
  table: MaterializedTable;
  statistics: PreviewStatistics | null;
  /** Why it ended: "finished", "limit", "time". */
  reason: string | null;
  diagnostics: Diagnostic[];
  error: unknown;
  /** From the click to the first row. */
  firstRowMs: number | null;
  elapsedMs: number;
}

const IDLE: Preview = {
  status: "idle",
  columns: [],
  changes: [],
  table: new MaterializedTable(),
  statistics: null,
  reason: null,
  diagnostics: [],
  error: null,
  firstRowMs: null,
  elapsedMs: 0,
};

export function usePreview(ws: string) {
  const [preview, setPreview] = useState<Preview>(IDLE);
  const current = useRef<AbortController | null>(null);

  const cancel = useCallback(() => current.current?.abort(), []);
  useEffect(() => cancel, [cancel]);

  const run = useCallback(
    async (sql: string, settings: Settings) => {
      current.current?.abort();
      const controller = new AbortController();
      current.current = controller;
      const started = performance.now();
      const next: Preview = { ...IDLE, status: "running", changes: [], table: new MaterializedTable() };
      let frame = 0;
      const show = () => {
        if (current.current !== controller) return;
        next.elapsedMs = performance.now() - started;
        setPreview({ ...next });
      };
      const showSoon = () => {
        if (frame) return;
        frame = requestAnimationFrame(() => {
          frame = 0;
          show();
        });
      };
      show();
      try {
        const content = { sql, settings, rows_max: ROWS_MAX };
        for await (const { event, data } of previewEvents(ws, content, { signal: controller.signal })) {
          take(next, event, data, started);
          showSoon();
        }
        // A stream that just stops has lost its server.
        if (next.status === "running") throw new ApiError(0, "the preview broke off", null, "Run it again.");
      } catch (error) {
        if (controller.signal.aborted) next.status = "cancelled";
        else {
          next.status = "failed";
          next.diagnostics = error instanceof ApiError ? error.diagnostics : [];
          next.error = error;
        }
      }
      cancelAnimationFrame(frame);
      show();
    },
    [ws],
  );
  return { preview, run, cancel };
}

function take(preview: Preview, event: string, data: string, started: number): void {
  const value = parseExact(data) as Record<string, unknown>;
  switch (event) {
    case "schema":
      preview.columns = value.columns as ColumnType[];
      break;
    case "rows":
      preview.firstRowMs ??= performance.now() - started;
      for (const change of value.rows as ChangelogRow[]) {
        preview.table.apply(change);
        if (preview.changes.length < ROWS_MAX) preview.changes.push(change);
      }
      break;
    case "statistics":
      preview.statistics = value as unknown as PreviewStatistics;
      break;
    case "end":
      preview.status = "ended";
      preview.reason = String(value.reason);
      break;
    case "failed":
      preview.status = "failed";
      preview.diagnostics = value.diagnostics as Diagnostic[];
      break;
    default:
    // A newer server may tell more.
  }
}

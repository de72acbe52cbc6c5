/**
 * Rows of a query, however many: a real table of which only the visible rows exist.
 *
 * Arrow keys move a selection, whose row is spelled out beside the table; Escape closes it. Cells are text, always.
 */

import { CloseButton } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Cell, ColumnType, Op, Row } from "../api/types";
import { cellText } from "../lib/format";
import classes from "./DataGrid.module.css";

export interface GridRow {
  op?: Op;
  row: Row;
}

const ROW_PX = 24;
const CHARACTER_PX = 7.3;
const OP_WIDTH_PX = 44;
/** Rows that are measured to find the widths of columns. */
const MEASURED_ROWS_MAX = 60;
const OP_NAMES: Record<Op, string> = {
  "+I": "insert",
  "-U": "update before",
  "+U": "update after",
  "-D": "delete",
};

export function DataGrid({
  columns,
  rows,
  label,
  withOps = false,
  follow = false,
}: {
  columns: ColumnType[];
  rows: GridRow[];
  label: string;
  withOps?: boolean;
  /** Stay at the newest row, unless the reader has scrolled away from it. */
  follow?: boolean;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  // Scrolling up leaves the end, coming back to it follows again; rows that arrive do neither.
  const isAtEnd = useRef(true);
  const lastTop = useRef(0);
  const followed = useRef(follow);
  const [selected, setSelected] = useState<number | null>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 16,
  });

  // Widths follow the first rows and then stay, so that nothing jumps while rows arrive.
  const measured = Math.min(rows.length, MEASURED_ROWS_MAX);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first rows do not change once they are there
  const widths = useMemo(
    () => columns.map((column) => columnWidth(column, rows.slice(0, measured))),
    [columns, measured],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the arrival of rows that moves the end
  useEffect(() => {
    const box = scroller.current;
    // The last rows come with the news that no more will.
    if (box && (follow || followed.current) && isAtEnd.current) box.scrollTop = box.scrollHeight;
    followed.current = follow;
  }, [follow, rows.length]);

  const select = (index: number) => {
    const inside = Math.max(0, Math.min(rows.length - 1, index));
    setSelected(inside);
    virtual.scrollToIndex(inside);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const pageRows = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW_PX) / ROW_PX) - 2);
    const from = selected ?? -1;
    const target = {
      ArrowDown: from + 1,
      ArrowUp: from - 1,
      PageDown: from + pageRows,
      PageUp: from - pageRows,
      Home: 0,
      End: rows.length - 1,
    }[event.key];
    if (event.key === "Escape") setSelected(null);
    else if (target !== undefined && rows.length > 0) {
      event.preventDefault();
      select(target);
    }
  };

  const rowNumberWidth = indexWidth(rows.length);
  const totalWidth = widths.reduce((sum, width) => sum + width, rowNumberWidth + (withOps ? OP_WIDTH_PX : 0));
  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const shown = selected === null ? undefined : rows[selected];
  return (
    <div className={classes.grid}>
      {/* biome-ignore lint/a11y/useSemanticElements: a section that scrolls, so that the keyboard reaches it */}
      <div
        ref={scroller}
        className={classes.scroller}
        role="region"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        onKeyDown={onKeyDown}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
          if (scrollTop < lastTop.current) isAtEnd.current = false;
          if (scrollTop + clientHeight >= scrollHeight - ROW_PX) isAtEnd.current = true;
          lastTop.current = scrollTop;
        }}
      >
        <table className={classes.table} style={{ width: totalWidth }} aria-rowcount={rows.length + 1}>
          <colgroup>
            <col style={{ width: rowNumberWidth }} />
            {withOps && <col style={{ width: OP_WIDTH_PX }} />}
            {columns.map((column, index) => (
              <col key={column.name} style={{ width: widths[index] }} />
            ))}
            <col />
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              <th className={classes.index} scope="col">
                <span aria-hidden="true">#</span>
                <span className="spoken">row</span>
              </th>
              {withOps && <th scope="col">op</th>}
              {columns.map((column) => (
                <th
                  key={column.name}
                  scope="col"
                  className={isNumeric(column.type) ? classes.numeric : undefined}
                  title={`${column.name} ${column.type}`}
                >
                  {column.name} <span className={classes.type}>{shortType(column.type)}</span>
                </th>
              ))}
              <td className={classes.filler} />
            </tr>
          </thead>
          <tbody>
            <Spacer height={above} columns={columns.length + 3} />
            {items.map(({ index }) => {
              const { op, row } = rows[index] as GridRow;
              return (
                <tr
                  key={index}
                  aria-rowindex={index + 2}
                  data-op={withOps ? op : undefined}
                  aria-current={selected === index || undefined}
                  onClick={() => setSelected(index)}
                >
                  <td className={classes.index}>{index + 1}</td>
                  {withOps && (
                    <td>
                      {op && (
                        <span className={classes.op} data-op={op} title={OP_NAMES[op]}>
                          {op}
                        </span>
                      )}
                    </td>
                  )}
                  {columns.map((column) => (
                    <CellView key={column.name} value={row[column.name]} numeric={isNumeric(column.type)} />
                  ))}
                  <td className={classes.filler} />
                </tr>
              );
            })}
            <Spacer height={below} columns={columns.length + 3} />
          </tbody>
        </table>
      </div>
      {shown && selected !== null && (
        <aside className={classes.detail} aria-label="The selected row">
          <div className={classes.detailHead}>
            <span>
              Row {selected + 1} {withOps && shown.op && `· ${OP_NAMES[shown.op]}`}
            </span>
            <CloseButton size="xs" aria-label="Close the row" onClick={() => setSelected(null)} />
          </div>
          <dl>
            {columns.map((column) => (
              <div key={column.name}>
                <dt>
                  {column.name} <span className={classes.type}>{shortType(column.type)}</span>
                </dt>
                <dd data-null={shown.row[column.name] === null || undefined}>
                  {spelledOut(shown.row[column.name])}
                </dd>
              </div>
            ))}
          </dl>
        </aside>
      )}
    </div>
  );
}

/** Holds the place of rows that do not exist. */
function Spacer({ height, columns }: { height: number; columns: number }) {
  if (height === 0) return null;
  return (
    <tr className={classes.spacer}>
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

function CellView({ value, numeric }: { value: Cell | undefined; numeric: boolean }) {
  const text = cellText(value);
  const isNull = value === null || value === undefined;
  return (
    <td className={isNull ? classes.null : numeric ? classes.numeric : undefined} title={text.slice(0, 500)}>
      {text.length > 300 ? `${text.slice(0, 300)}…` : text}
    </td>
  );
}

function spelledOut(value: Cell | undefined): string {
  return value !== null && typeof value === "object" ? JSON.stringify(value, null, 2) : cellText(value);
}

const NUMERIC = /^(TINYINT|SMALLINT|INT|INTEGER|BIGINT|DECIMAL|NUMERIC|DEC|FLOAT|REAL|DOUBLE)\b/i;

export function isNumeric(type: string): boolean {
  return NUMERIC.test(type);
}

/** "ROW<`a` INT, …> NOT NULL" → "ROW". */
function shortType(type: string): string {
  const text = type.replace(/ NOT NULL$/, "");
  const nested = text.indexOf("<");
  return nested === -1 ? text : `${text.slice(0, nested)}<…>`;
}

function columnWidth(column: ColumnType, rows: GridRow[]): number {
  let characters = column.name.length + shortType(column.type).length * 0.85 + 1;
  for (const { row } of rows) characters = Math.max(characters, cellText(row[column.name]).length);
  return Math.round(Math.min(360, Math.max(64, characters * CHARACTER_PX + 22)));
}

function indexWidth(rows: number): number {
  return Math.max(40, String(rows).length * CHARACTER_PX + 20);
}

/** Why something failed: the cause first, what to do about it, and every place that is to blame. */

import type { ReactNode } from "react";
import type { Failure as FailureData } from "../api/types";
import { words } from "../lib/format";
import classes from "./Failure.module.css";
import { WarningIcon } from "./icons";
import { Problems } from "./Problems";

export function failureMessage(failure: FailureData): string {
  return failure.diagnostics[0]?.message ?? words(failure.cause);
}

export function Failure({
  failure,
  title,
  onGoTo,
  action,
}: {
  failure: FailureData;
  title: string;
  /** Shows a place in the text that failed. */
  onGoTo?: (line: number, column: number) => void;
  /** What the reader can do about it here. */
  action?: ReactNode;
}) {
  const { cause, diagnostics } = failure;
  const [first, ...rest] = diagnostics;
  const span = first?.span;
  return (
    <div className={classes.failure}>
      <span className={classes.icon}>
        <WarningIcon />
      </span>
      <div className={classes.body}>
        <p className={classes.title}>
          {title}
          <span className={classes.kind}>{CAUSES[cause]}</span>
          {span && onGoTo && (
            <button type="button" className={classes.place} onClick={() => onGoTo(span.line, span.column)}>
              line {span.line}, column {span.column}
            </button>
          )}
        </p>
        <p className={classes.message}>{first?.message ?? words(cause)}</p>
        {first?.hint && <p className={classes.hint}>{first.hint}</p>}
        {rest.length > 0 && <Problems diagnostics={rest} onGoTo={onGoTo} />}
        {action && <div className={classes.action}>{action}</div>}
      </div>
    </div>
  );
}

const CAUSES: Record<FailureData["cause"], string> = {
  invalid: "the text is wrong",
  state: "its state does not fit",
  runtime: "while it ran",
  memory: "out of memory",
  locked: "another attempt was still there",
  fenced: "a later attempt took over",
  internal: "a fault of the platform",
};

/** Why something failed: the cause first, what to do about it, and every place that is to blame. */

import type { Diagnostic, Failure as FailureData } from "../api/types";
import { words } from "../lib/format";
import classes from "./Failure.module.css";
import { WarningIcon } from "./icons";
import { Problems } from "./Problems";

export function failureMessage(failure: FailureData): string {
  return failure.message ?? failure.diagnostics?.[0]?.message ?? "it failed without saying why";
}

export function Failure({ failure, title }: { failure: FailureData; title: string }) {
  const first = failure.diagnostics?.[0];
  const rest: Diagnostic[] = failure.message
    ? (failure.diagnostics ?? [])
    : (failure.diagnostics ?? []).slice(1);
  const hint = failure.hint ?? (failure.message ? null : first?.hint);
  const span = failure.span ?? (failure.message ? null : first?.span);
  const kind = failure.cause ?? failure.kind;
  return (
    <div className={classes.failure}>
      <span className={classes.icon}>
        <WarningIcon />
      </span>
      <div className={classes.body}>
        <p className={classes.title}>
          {title}
          {kind && <span className={classes.kind}>{words(kind)}</span>}
          {span && (
            <span className={classes.kind}>
              line {span.line}, column {span.column}
            </span>
          )}
        </p>
        <p className={classes.message}>{failureMessage(failure)}</p>
        {hint && <p className={classes.hint}>{hint}</p>}
        {rest.length > 0 && <Problems diagnostics={rest} />}
      </div>
    </div>
  );
}

/** Diagnostics as a list; each leads to its place. */

import { ApiError } from "../api/client";
import type { Diagnostic } from "../api/types";
import { CrossIcon, InfoIcon, WarningIcon } from "./icons";
import classes from "./Problems.module.css";
import { ErrorState } from "./States";

const ICONS = { error: CrossIcon, warning: WarningIcon, info: InfoIcon };

export function Problems({
  diagnostics,
  onGoTo,
}: {
  /** Of one text, or of several files. */
  diagnostics: (Diagnostic & { file?: string | null })[];
  onGoTo?: ((line: number, column: number) => void) | undefined;
}) {
  return (
    <ul className={classes.list}>
      {diagnostics.map((diagnostic, index) => {
        const { severity, message, hint, span, file } = diagnostic;
        const Icon = ICONS[severity] ?? CrossIcon;
        const content = (
          <>
            <span className={classes.icon} data-severity={severity}>
              <Icon size={13} />
            </span>
            <span className={classes.text}>
              <span>
                <span className="spoken">{severity}: </span>
                {message}
              </span>
              {hint && <span className={classes.hint}>{hint}</span>}
            </span>
            {(span || file) && (
              <span className={classes.place}>
                {[file, span?.line, span?.column].filter(Boolean).join(":")}
              </span>
            )}
          </>
        );
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: equal messages may stand at equal places
          <li key={index}>
            {span && onGoTo ? (
              <button type="button" className={classes.item} onClick={() => onGoTo(span.line, span.column)}>
                {content}
              </button>
            ) : (
              <div className={classes.item}>{content}</div>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** Why something was refused: a text that cannot be kept or run has its problems below. */
export function Refusal({ error }: { error: unknown }) {
  if (!error) return null;
  const told = error instanceof ApiError ? error : null;
  // One that is all there is to say is said already.
  const more = (told?.diagnostics ?? []).filter(({ message }) => message !== told?.detail);
  return (
    <div>
      <ErrorState error={error} />
      {more.length > 0 && <Problems diagnostics={more} />}
    </div>
  );
}

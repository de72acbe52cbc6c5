/** What becomes of each part of a state, and why. */

import type { Verdict } from "../api/types";
import { FATES, inOrder, placeOf, summary } from "../lib/verdict";
import { CheckIcon, WarningIcon } from "./icons";
import { ErrorState } from "./States";
import classes from "./VerdictView.module.css";

export function VerdictView({
  verdict,
  error,
  retry,
}: {
  verdict: Verdict | null;
  error: unknown;
  retry: () => void;
}) {
  if (!verdict) return error ? <ErrorState error={error} retry={retry} /> : null;
  const isLost = !verdict.keeps_all;
  return (
    <section
      className={classes.verdict}
      data-lost={isLost || undefined}
      aria-label="What becomes of the state"
    >
      <p className={classes.summary} role="status">
        {isLost ? <WarningIcon size={14} /> : <CheckIcon size={14} />}
        {summary(verdict)}
      </p>
      {verdict.parts.length > 0 && (
        <ul className={classes.parts}>
          {inOrder(verdict.parts).map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: equal parts may stand at equal places
            <li key={index}>
              <span className={classes.fate} data-fate={part.fate}>
                {FATES[part.fate]}
              </span>
              <div className={classes.what}>
                <span>
                  <b>{part.name}</b>{" "}
                  <span className="dimmed">{part.kind === "operator" ? part.keeps : part.kind}</span>
                </span>
                {part.reason && <span className={classes.reason}>{part.reason}</span>}
              </div>
              <span className={classes.place}>{placeOf(part)}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

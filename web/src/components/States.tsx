/** What a page shows while it has nothing to show: it loads, it failed, there is nothing yet. */

import { Button, Skeleton } from "@mantine/core";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { RefreshIcon, WarningIcon } from "./icons";
import classes from "./States.module.css";

/** Grey lines where rows will be. */
export function Loading({ rows = 6, label = "Loading" }: { rows?: number; label?: string }) {
  return (
    <div className={classes.loading} role="status" aria-busy="true" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
        <Skeleton key={index} height={10} radius="xs" width={`${88 - ((index * 37) % 46)}%`} />
      ))}
    </div>
  );
}

export function ErrorState({ error, retry }: { error: unknown; retry?: () => void }) {
  const known = error instanceof ApiError ? error : null;
  return (
    <div className={classes.error} role="alert">
      <span className={classes.errorIcon}>
        <WarningIcon size={18} />
      </span>
      <div>
        {/* A title names the kind of problem; what it is here says the detail. */}
        <p className={classes.title}>{sentence(known?.detail ?? known?.title ?? "Something went wrong")}</p>
        {!known && error instanceof Error && <p>{error.message}</p>}
        {known?.hint && <p className={classes.hint}>{sentence(known.hint)}</p>}
        {retry && (
          <Button mt={8} leftSection={<RefreshIcon size={14} />} onClick={retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  );
}

export function Empty({
  title,
  children,
  action,
  compact = false,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  compact?: boolean;
}) {
  return (
    <div className={classes.empty} data-compact={compact || undefined}>
      {!compact && <Swell />}
      <p className={classes.title}>{title}</p>
      {children && <div className={classes.text}>{children}</div>}
      {action && <div className={classes.action}>{action}</div>}
    </div>
  );
}

/** A calm sea: the only ornament the console allows itself. */
function Swell() {
  return (
    <svg className={classes.swell} viewBox="0 0 120 34" fill="none" aria-hidden="true">
      <g stroke="currentColor" strokeWidth="1.5" strokeLinecap="round">
        <path d="M14 10c7.7-6 15.3-6 23 0s15.3 6 23 0 15.3-6 23 0 15.3 6 23 0" />
        <path d="M4 19c8.7-6 16-6 24 0s16 6 24 0 16-6 24 0 16 6 24 0 12-5 16-4" opacity="0.6" />
        <path d="M22 28c6.3-5 12.6-5 19 0s12.6 5 19 0 12.6-5 19 0 12.6 5 19 0" opacity="0.3" />
      </g>
    </svg>
  );
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

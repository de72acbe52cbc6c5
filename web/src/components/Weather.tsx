/** What goes on beyond the page: another page is on its way, or the server is lost. */

import { Button } from "@mantine/core";
import { useRouterState } from "@tanstack/react-router";
import { useSyncExternalStore } from "react";
import { reachability } from "../api/client";
import { WarningIcon } from "./icons";
import classes from "./Weather.module.css";

/** A line at the upper edge, once a page takes longer than one would notice. */
export function PageOnItsWay() {
  const isPending = useRouterState({ select: ({ status }) => status === "pending" });
  return isPending ? (
    <div className={classes.progress} role="progressbar" aria-label="The page loads" />
  ) : null;
}

/** Says that the server is lost, as long as it is. What was shown stays, and is read again when it is back. */
export function ServerLost() {
  const isLost = useSyncExternalStore(reachability.subscribe, reachability.isLost);
  return (
    <div role="status">
      {isLost && (
        <div className={classes.lost}>
          <WarningIcon />
          <span>
            <b>The server cannot be reached.</b> What you see may be old, and nothing is saved; it goes on by
            itself when the server is back.
          </span>
          <Button onClick={() => reachability.askNow()}>Try now</Button>
        </div>
      )}
    </div>
  );
}

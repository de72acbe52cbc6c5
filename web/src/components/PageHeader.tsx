/** The head of a page: where we are, what it is, what can be done. It also names the browser's tab. */

import { useDocumentTitle } from "@mantine/hooks";
import type { ReactNode } from "react";
import classes from "./PageHeader.module.css";

export function PageHeader({
  title,
  name,
  above,
  beside,
  actions,
}: {
  /** The name of the browser's tab, and the heading unless `name` replaces it. */
  title: string;
  name?: ReactNode;
  above?: ReactNode;
  beside?: ReactNode;
  actions?: ReactNode;
}) {
  useDocumentTitle(`${title} · Oceanus`);
  return (
    <header className={classes.header}>
      <div className={classes.titles}>
        {above && <div className={classes.above}>{above}</div>}
        <div className={classes.line}>
          <h1 className={classes.title}>{name ?? title}</h1>
          {beside}
        </div>
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </header>
  );
}

/** Forward by cursor; back is the browser's history, and this button for those who came by link. */

import { Button } from "@mantine/core";
import classes from "./Pager.module.css";

export function Pager({
  shown,
  cursor,
  next,
  onGo,
}: {
  shown: number;
  cursor: string | undefined;
  next: string | null;
  onGo: (cursor: string | undefined) => void;
}) {
  if (!cursor && !next) return null;
  return (
    <nav className={classes.pager} aria-label="Pages">
      <span className="dimmed">{shown} shown</span>
      <Button disabled={!cursor} onClick={() => onGo(undefined)}>
        First page
      </Button>
      <Button disabled={!next} onClick={() => next && onGo(next)}>
        Next page
      </Button>
    </nav>
  );
}

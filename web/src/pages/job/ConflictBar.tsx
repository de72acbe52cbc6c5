/** Someone else saved this job while it was written here: look at both, then choose. */

import { Button } from "@mantine/core";
import { useMemo, useState } from "react";
import type { DraftContent } from "../../api/drafts";
import type { Draft } from "../../api/types";
import { Dialog, DialogBody } from "../../components/Dialog";
import { DiffBox } from "../../components/DiffView";
import { WarningIcon } from "../../components/icons";
import { notDone } from "../../components/notify";
import { Ago } from "../../components/Time";
import type { Autosave } from "../../lib/autosave";
import { diffLines } from "../../lib/diff";
import classes from "./ConflictBar.module.css";

export function ConflictBar({
  theirs,
  mine,
  autosave,
}: {
  theirs: Draft;
  mine: DraftContent;
  autosave: Autosave;
}) {
  const [isComparing, setComparing] = useState(false);
  const lines = useMemo(
    () => (isComparing ? diffLines(theirs.sql, mine.sql) : []),
    [isComparing, theirs.sql, mine.sql],
  );
  const keepMine = () => {
    setComparing(false);
    autosave.keepMine().catch((error: unknown) => notDone("Could not save", error));
  };
  const takeTheirs = () => {
    setComparing(false);
    autosave.takeTheirs();
  };
  const choices = (
    <>
      <Button onClick={takeTheirs}>Take theirs</Button>
      <Button variant="filled" onClick={keepMine}>
        Keep mine
      </Button>
    </>
  );
  return (
    <div className={classes.bar} role="alert">
      <WarningIcon />
      <span>
        <b>{theirs.updated_by}</b> saved this job <Ago time={theirs.updated_at} /> while you wrote. Nothing of
        yours is lost, and nothing is saved until you choose.
      </span>
      <span className={classes.actions}>
        <Button onClick={() => setComparing(true)}>Compare</Button>
        {choices}
      </span>
      <Dialog
        opened={isComparing}
        onClose={() => setComparing(false)}
        title="Theirs (−) and yours (+)"
        size="xl"
      >
        <DialogBody buttons={choices}>
          <DiffBox className={classes.diff} label="Theirs and yours" lines={lines} />
          {theirs.name !== mine.name && (
            <p>
              Their name: <b>{theirs.name}</b>. Yours: <b>{mine.name}</b>.
            </p>
          )}
        </DialogBody>
      </Dialog>
    </div>
  );
}

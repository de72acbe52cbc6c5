/** CREATE, ALTER or DROP: the catalog is changed by the statements that would change it anywhere else. */

import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { catalogKey, runCatalogStatement } from "../../api/catalog";
import { ApiError } from "../../api/client";
import { Dialog, DialogBody } from "../../components/Dialog";
import { done } from "../../components/notify";
import { Problems } from "../../components/Problems";
import { SqlEditor, type SqlEditorHandle } from "../../components/SqlEditor";
import { ErrorState } from "../../components/States";
import classes from "./StatementDialog.module.css";

export function StatementDialog({
  ws,
  title,
  initial,
  action,
  isDangerous = false,
  onClose,
  onDone,
}: {
  ws: string;
  title: string;
  initial: string;
  action: string;
  isDangerous?: boolean;
  onClose: () => void;
  onDone?: () => void;
}) {
  const queryClient = useQueryClient();
  const [sql, setSql] = useState(initial);
  const editor = useRef<SqlEditorHandle>(null);
  const run = useMutation({
    mutationFn: () => runCatalogStatement(ws, sql),
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: catalogKey(ws) });
      done("The catalog is changed");
      onDone?.();
      onClose();
    },
  });
  const diagnostics = run.error instanceof ApiError ? run.error.diagnostics : [];
  return (
    <Dialog onClose={onClose} title={title} size="xl">
      <DialogBody
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              variant="filled"
              {...(isDangerous && { color: "coral" })}
              loading={run.isPending}
              disabled={sql.trim() === ""}
              onClick={() => run.mutate()}
            >
              {action}
            </Button>
          </>
        }
      >
        <div className={classes.editor}>
          <SqlEditor
            ref={editor}
            value={sql}
            onChange={(text) => {
              setSql(text);
              run.reset();
            }}
            onRun={() => run.mutate()}
            diagnostics={diagnostics}
            label="Statement"
          />
        </div>
        {run.error &&
          (diagnostics.length > 0 ? (
            <Problems
              diagnostics={diagnostics}
              onGoTo={(line, column) => editor.current?.goTo(line, column)}
            />
          ) : (
            <ErrorState error={run.error} />
          ))}
      </DialogBody>
    </Dialog>
  );
}

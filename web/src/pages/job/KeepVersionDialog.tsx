/** Keeps the draft as it is now. */

import { Button, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createVersion, versionsKey } from "../../api/drafts";
import type { Version } from "../../api/types";
import { Dialog, DialogBody } from "../../components/Dialog";
import { Refusal } from "../../components/Problems";

export function useKeepVersion(ws: string, draft: string, flush: () => Promise<unknown>) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: async (comment: string) => {
      await flush();
      return createVersion(ws, draft, comment);
    },
    onSuccess: () => queryClient.invalidateQueries({ queryKey: versionsKey(ws, draft) }),
  });
}

export function KeepVersionDialog({
  ws,
  draft,
  flush,
  onClose,
  onKept,
}: {
  ws: string;
  draft: string;
  flush: () => Promise<unknown>;
  onClose: () => void;
  onKept: (version: Version) => void;
}) {
  const [comment, setComment] = useState("");
  const keep = useKeepVersion(ws, draft, flush);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate(comment.trim(), { onSuccess: onKept });
  };
  return (
    <Dialog onClose={onClose} title="Keep a version">
      <DialogBody
        onSubmit={submit}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="filled" loading={keep.isPending}>
              Keep it
            </Button>
          </>
        }
      >
        <Textarea
          label="What changed"
          description="For whoever reads the list of versions later."
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit(event);
          }}
          autosize
          minRows={2}
          maxRows={6}
          data-autofocus
        />
        <Refusal error={keep.error} />
      </DialogBody>
    </Dialog>
  );
}

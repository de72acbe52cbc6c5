/** Asks before something that cannot be taken back. Enter on the focused button does it, Escape leaves. */

import { Button } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Dialog, DialogBody } from "./Dialog";
import { ErrorState } from "./States";

export function Confirm({
  title,
  children,
  action,
  isReady = true,
  onConfirm,
  onClose,
}: {
  title: string;
  children: ReactNode;
  action: string;
  /** Whether the reader has said all that is needed. */
  isReady?: boolean;
  onConfirm: () => Promise<unknown>;
  onClose: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (reason) {
      setError(reason);
      setBusy(false);
    }
  };
  return (
    <Dialog onClose={onClose} title={title} size="sm">
      <DialogBody
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              variant="filled"
              color="coral"
              loading={busy}
              disabled={!isReady}
              onClick={confirm}
              data-autofocus
            >
              {action}
            </Button>
          </>
        }
      >
        {children}
        {error !== null && <ErrorState error={error} />}
      </DialogBody>
    </Dialog>
  );
}

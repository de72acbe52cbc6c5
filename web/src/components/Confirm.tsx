/** Asks before something that cannot be taken back. Enter on the focused button does it, Escape leaves. */

import { Button, Group, Modal } from "@mantine/core";
import { type ReactNode, useState } from "react";
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
    <Modal opened onClose={onClose} title={title} size="sm">
      {children}
      {error !== null && <ErrorState error={error} />}
      <Group justify="flex-end" mt="lg" gap="sm">
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
      </Group>
    </Modal>
  );
}

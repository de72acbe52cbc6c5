/** Another password: one's own, or, for administrators, somebody else's. */

import { Button, PasswordInput, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { setPassword } from "../api/account";
import type { User } from "../api/types";
import { Dialog, DialogBody } from "./Dialog";
import { done } from "./notify";
import { ErrorState } from "./States";

export function PasswordDialog({
  user,
  isOwn,
  onClose,
}: {
  user: Pick<User, "id" | "name">;
  isOwn: boolean;
  onClose: () => void;
}) {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    mutationFn: () => setPassword(user.id, { password: next, ...(isOwn && { current_password: current }) }),
    onSuccess: () => {
      done(isOwn ? "Your password is changed" : `${user.name} has another password`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate();
  };
  const differs = again !== "" && again !== next;
  return (
    <Dialog onClose={onClose} title={isOwn ? "Change your password" : `New password for ${user.name}`}>
      <DialogBody
        onSubmit={submit}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              type="submit"
              variant="filled"
              loading={change.isPending}
              disabled={next === "" || next !== again || (isOwn && current === "")}
            >
              Change it
            </Button>
          </>
        }
      >
        <Stack gap="md">
          {isOwn && (
            <PasswordInput
              {...FIELD}
              label="Current password"
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
              autoComplete="current-password"
              data-autofocus
            />
          )}
          <PasswordInput
            {...FIELD}
            label="New password"
            description={
              isOwn
                ? "You stay signed in here, and are signed out everywhere else."
                : "Tell it them in person. They are signed out everywhere."
            }
            value={next}
            onChange={(event) => setNext(event.currentTarget.value)}
            autoComplete="new-password"
            {...(!isOwn && { "data-autofocus": true })}
          />
          <PasswordInput
            {...FIELD}
            label="New password again"
            value={again}
            onChange={(event) => setAgain(event.currentTarget.value)}
            error={differs ? "is not the same" : undefined}
            autoComplete="new-password"
          />
          {change.error && <ErrorState error={change.error} />}
        </Stack>
      </DialogBody>
    </Dialog>
  );
}

const FIELD = {
  required: true,
  withAsterisk: false,
  visibilityToggleButtonProps: { "aria-label": "Show the password" },
};

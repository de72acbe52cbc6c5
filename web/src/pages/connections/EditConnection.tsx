/** A connection is made, or gets other options. */

import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Connection } from "../../api/types";
import { connectionsKey, saveConnection } from "../../api/workspace";
import { Dialog, DialogBody } from "../../components/Dialog";
import { KeyValues, pairsOf, recordOf } from "../../components/KeyValues";
import { done } from "../../components/notify";
import { ErrorState } from "../../components/States";

export function EditConnection({
  ws,
  connection,
  onClose,
}: {
  ws: string;
  /** `null` for a new one. */
  connection: Connection | null;
  onClose: () => void;
}) {
  const queryClient = useQueryClient();
  const isNew = connection === null;
  const [name, setName] = useState(connection?.name ?? "");
  const [kind, setKind] = useState(connection?.kind ?? "");
  const [pairs, setPairs] = useState(() => pairsOf(connection?.options ?? {}));
  const save = useMutation({
    mutationFn: () => saveConnection(ws, { name: name.trim(), kind: kind.trim(), options: recordOf(pairs) }),
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: connectionsKey(ws) });
      done(`${name} is saved`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog onClose={onClose} title={connection?.name ?? "New connection"} size="lg">
      <DialogBody
        onSubmit={submit}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              type="submit"
              variant="filled"
              loading={save.isPending}
              disabled={name.trim() === "" || kind.trim() === ""}
            >
              Save
            </Button>
          </>
        }
      >
        <Stack gap="md">
          <Group grow align="flex-start">
            <TextInput
              label="Name"
              value={name}
              disabled={!isNew}
              onChange={(event) => setName(event.currentTarget.value)}
              placeholder="orders-kafka"
              required
              withAsterisk={false}
              {...(isNew && { "data-autofocus": true })}
            />
            <TextInput
              label="Kind"
              value={kind}
              onChange={(event) => setKind(event.currentTarget.value)}
              placeholder="kafka"
              required
              withAsterisk={false}
            />
          </Group>
          <KeyValues
            label="Options"
            pairs={pairs}
            onChange={setPairs}
            namePlaceholder="properties.bootstrap.servers"
            valuePlaceholder="${secret.kafka-password}"
          />
          {save.error && <ErrorState error={save.error} />}
        </Stack>
      </DialogBody>
    </Dialog>
  );
}

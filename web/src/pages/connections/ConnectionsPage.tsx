/** Outside systems that jobs reach: where they are and how to get in, written once. */

import { ActionIcon, Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { Connection } from "../../api/types";
import { connectionsKey, connectionsQuery, deleteConnection, saveConnection } from "../../api/workspace";
import { Confirm } from "../../components/Confirm";
import { EditIcon, PlusIcon, TrashIcon } from "../../components/icons";
import { KeyValues, pairsOf, recordOf } from "../../components/KeyValues";
import { done } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { Empty, ErrorState, Loading } from "../../components/States";
import { useRole } from "../../components/useRole";
import classes from "./ConnectionsPage.module.css";

const route = getRouteApi("/w/$ws/connections");
const BLANK: Connection = { name: "", kind: "", options: {} };

export function ConnectionsPage() {
  const { ws } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const canWrite = isAtLeast("owner");
  const queryClient = useQueryClient();
  const connections = useQuery(connectionsQuery(ws));
  const [edited, setEdited] = useState<Connection | null>(null);
  const [dropped, setDropped] = useState<Connection | null>(null);
  const add = (
    <Button
      variant="filled"
      disabled={!canWrite}
      title={canWrite ? undefined : "Owners set up connections"}
      leftSection={<PlusIcon size={14} />}
      onClick={() => setEdited(BLANK)}
    >
      New connection
    </Button>
  );
  return (
    <>
      <PageHeader title="Connections" actions={add} />
      <div className={classes.page}>
        <div className="panel">
          {connections.isPending ? (
            <Loading rows={5} />
          ) : connections.error ? (
            <ErrorState error={connections.error} retry={connections.refetch} />
          ) : connections.data.items.length === 0 ? (
            <Empty title="No connections" action={add}>
              A connection holds the options that tables of one outside system share. Passwords stay in
              secrets, and are named as <code>$&#123;secret.name&#125;</code>.
            </Empty>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th>Connection</th>
                  <th>Kind</th>
                  <th>Options</th>
                  <th>
                    <span className="spoken">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {connections.data.items.map((connection) => (
                  <tr key={connection.name}>
                    <td>
                      <b>{connection.name}</b>
                    </td>
                    <td>{connection.kind}</td>
                    <td className={`mono wrap ${classes.options}`}>
                      {Object.entries(connection.options).map(([name, value]) => (
                        <div key={name} className="truncate">
                          <span className="dimmed">{name}</span> = {value}
                        </div>
                      ))}
                    </td>
                    <td className="actions">
                      {canWrite && (
                        <Group gap={2} justify="flex-end" wrap="nowrap">
                          <ActionIcon
                            aria-label={`Edit ${connection.name}`}
                            onClick={() => setEdited(connection)}
                          >
                            <EditIcon size={14} />
                          </ActionIcon>
                          <ActionIcon
                            aria-label={`Delete ${connection.name}`}
                            onClick={() => setDropped(connection)}
                          >
                            <TrashIcon size={14} />
                          </ActionIcon>
                        </Group>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </div>
      </div>
      {edited && <Edit ws={ws} connection={edited} onClose={() => setEdited(null)} />}
      {dropped && (
        <Confirm
          title={`Delete ${dropped.name}?`}
          action="Delete it"
          onClose={() => setDropped(null)}
          onConfirm={async () => {
            await deleteConnection(ws, dropped.name);
            await queryClient.invalidateQueries({ queryKey: connectionsKey(ws) });
            done(`${dropped.name} is deleted`);
          }}
        >
          Tables that name it can no longer be read or written.
        </Confirm>
      )}
    </>
  );
}

function Edit({ ws, connection, onClose }: { ws: string; connection: Connection; onClose: () => void }) {
  const queryClient = useQueryClient();
  const isNew = connection === BLANK;
  const [name, setName] = useState(connection.name);
  const [kind, setKind] = useState(connection.kind);
  const [pairs, setPairs] = useState(() => pairsOf(connection.options));
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
    <Modal opened onClose={onClose} title={isNew ? "New connection" : connection.name} size="lg">
      <form onSubmit={submit}>
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
        <Group justify="flex-end" mt="lg" gap="sm">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            variant="filled"
            loading={save.isPending}
            disabled={name.trim() === "" || kind.trim() === ""}
          >
            Save
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

/** Secrets go in and never come out: the page shows names, not values. */

import { ActionIcon, Button, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { deleteSecret, secretsKey, secretsQuery, setSecret } from "../../api/workspace";
import { Confirm } from "../../components/Confirm";
import { Dialog, DialogBody } from "../../components/Dialog";
import { EditIcon, PlusIcon, TrashIcon } from "../../components/icons";
import { done } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import { useRole } from "../../components/useRole";
import classes from "./SecretsPage.module.css";

const route = getRouteApi("/w/$ws/secrets");

export function SecretsPage() {
  const { ws } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const canWrite = isAtLeast("owner");
  const queryClient = useQueryClient();
  const secrets = useQuery(secretsQuery(ws));
  /** The name whose value is being set; empty for a new one. */
  const [edited, setEdited] = useState<string | null>(null);
  const [dropped, setDropped] = useState<string | null>(null);
  const add = (
    <Button
      variant="filled"
      disabled={!canWrite}
      title={canWrite ? undefined : "Owners set secrets"}
      leftSection={<PlusIcon size={14} />}
      onClick={() => setEdited("")}
    >
      New secret
    </Button>
  );
  return (
    <>
      <PageHeader title="Secrets" actions={add} />
      <div className={classes.page}>
        <div className="panel">
          {secrets.isPending ? (
            <Loading rows={5} />
          ) : secrets.isLoadingError ? (
            <ErrorState error={secrets.error} retry={secrets.refetch} />
          ) : secrets.data.items.length === 0 ? (
            <Empty title="No secrets" action={add}>
              A secret is kept encrypted and is never shown again, not even to you. Options of tables and
              connections name it as <code>$&#123;secret.name&#125;</code>.
            </Empty>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th>Secret</th>
                  <th>In options</th>
                  <th>Set</th>
                  <th>Made</th>
                  <th>
                    <span className="spoken">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {secrets.data.items.map(({ name, created_at, updated_at }) => (
                  <tr key={name}>
                    <td>
                      <b>{name}</b>
                    </td>
                    <td className="mono">{`\${secret.${name}}`}</td>
                    <td className="dimmed">
                      <Ago time={updated_at} />
                    </td>
                    <td className="dimmed">
                      <Ago time={created_at} />
                    </td>
                    <td className="actions">
                      {canWrite && (
                        <Group gap={2} justify="flex-end" wrap="nowrap">
                          <ActionIcon aria-label={`Set ${name} anew`} onClick={() => setEdited(name)}>
                            <EditIcon size={14} />
                          </ActionIcon>
                          <ActionIcon aria-label={`Delete ${name}`} onClick={() => setDropped(name)}>
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
      {edited !== null && <Edit ws={ws} name={edited} onClose={() => setEdited(null)} />}
      {dropped !== null && (
        <Confirm
          title={`Delete ${dropped}?`}
          action="Delete it"
          onClose={() => setDropped(null)}
          onConfirm={async () => {
            await deleteSecret(ws, dropped);
            await queryClient.invalidateQueries({ queryKey: secretsKey(ws) });
            done(`${dropped} is deleted`);
          }}
        >
          Jobs that name it fail at their next start.
        </Confirm>
      )}
    </>
  );
}

function Edit({ ws, name: given, onClose }: { ws: string; name: string; onClose: () => void }) {
  const queryClient = useQueryClient();
  const isNew = given === "";
  const [name, setName] = useState(given);
  const [value, setValue] = useState("");
  const save = useMutation({
    mutationFn: () => setSecret(ws, name.trim(), value),
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: secretsKey(ws) });
      done(`${name} is set`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog onClose={onClose} title={isNew ? "New secret" : `Set ${given} anew`}>
      <DialogBody
        onSubmit={submit}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              type="submit"
              variant="filled"
              loading={save.isPending}
              disabled={name.trim() === "" || value === ""}
            >
              Set the secret
            </Button>
          </>
        }
      >
        <Stack gap="md">
          {isNew && (
            <TextInput
              label="Name"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              placeholder="kafka-password"
              required
              withAsterisk={false}
              data-autofocus
            />
          )}
          <PasswordInput
            label="Value"
            description="Jobs take it at their next start."
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
            autoComplete="new-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": "Show the value" }}
            {...(!isNew && { "data-autofocus": true })}
          />
          {save.error && <ErrorState error={save.error} />}
        </Stack>
      </DialogBody>
    </Dialog>
  );
}

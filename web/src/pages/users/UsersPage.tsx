/** Everyone who can sign in. For administrators. */

import { ActionIcon, Button, Checkbox, Group, PasswordInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { createUser, deleteUser, usersQuery } from "../../api/account";
import type { User } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { Dialog, DialogBody } from "../../components/Dialog";
import { LockIcon, PlusIcon, TrashIcon } from "../../components/icons";
import { done } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { PasswordDialog } from "../../components/PasswordDialog";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import { useSession } from "../../components/useRole";
import classes from "./UsersPage.module.css";

export function UsersPage() {
  const { user: me } = useSession();
  const users = useQuery(usersQuery);
  const queryClient = useQueryClient();
  const [isAdding, setAdding] = useState(false);
  const [dropped, setDropped] = useState<User | null>(null);
  const [reset, setReset] = useState<User | null>(null);
  const add = (
    <Button variant="filled" leftSection={<PlusIcon size={14} />} onClick={() => setAdding(true)}>
      New user
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Users"
        beside={<span className="dimmed">of the whole server</span>}
        actions={me.is_admin && add}
      />
      <div className={classes.page}>
        <div className="panel">
          {users.isPending ? (
            <Loading rows={5} />
          ) : users.isLoadingError ? (
            <ErrorState error={users.error} retry={users.refetch} />
          ) : users.data.items.length === 0 ? (
            <Empty title="No users" action={add} />
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th>User</th>
                  <th>Kind</th>
                  <th>Since</th>
                  <th>
                    <span className="spoken">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {users.data.items.map((user) => (
                  <tr key={user.id}>
                    <td>
                      <b>{user.name}</b> {user.id === me.id && <span className="dimmed">you</span>}
                    </td>
                    <td>{user.is_admin ? "administrator" : <span className="dimmed">user</span>}</td>
                    <td className="dimmed">
                      <Ago time={user.created_at} />
                    </td>
                    <td className="actions">
                      {user.id !== me.id && (
                        <Group gap={2} justify="flex-end" wrap="nowrap">
                          <ActionIcon
                            aria-label={`New password for ${user.name}`}
                            onClick={() => setReset(user)}
                          >
                            <LockIcon size={14} />
                          </ActionIcon>
                          <ActionIcon aria-label={`Delete ${user.name}`} onClick={() => setDropped(user)}>
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
      {isAdding && <Add onClose={() => setAdding(false)} />}
      {reset && <PasswordDialog user={reset} isOwn={false} onClose={() => setReset(null)} />}
      {dropped && (
        <Confirm
          title={`Delete ${dropped.name}?`}
          action="Delete the user"
          onClose={() => setDropped(null)}
          onConfirm={async () => {
            await deleteUser(dropped.id);
            await queryClient.invalidateQueries({ queryKey: usersQuery.queryKey });
            done(`${dropped.name} is deleted`);
          }}
        >
          They are signed out, and their tokens stop working. What they made stays.
        </Confirm>
      )}
    </>
  );
}

function Add({ onClose }: { onClose: () => void }) {
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [isAdmin, setAdmin] = useState(false);
  const add = useMutation({
    mutationFn: () => createUser({ name: name.trim(), password, is_admin: isAdmin }),
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: usersQuery.queryKey });
      done(`${name.trim()} can sign in now`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog onClose={onClose} title="New user">
      <DialogBody
        onSubmit={submit}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              type="submit"
              variant="filled"
              loading={add.isPending}
              disabled={name.trim() === "" || password === ""}
            >
              Make the user
            </Button>
          </>
        }
      >
        <Stack gap="md">
          <TextInput
            label="Name"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            autoComplete="off"
            required
            withAsterisk={false}
            data-autofocus
          />
          <PasswordInput
            label="Password"
            description="Tell it them in person."
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            autoComplete="new-password"
            required
            withAsterisk={false}
            visibilityToggleButtonProps={{ "aria-label": "Show the password" }}
          />
          <Checkbox
            label="Administrator: may do everything, everywhere"
            checked={isAdmin}
            onChange={(event) => setAdmin(event.currentTarget.checked)}
          />
          {add.error && <ErrorState error={add.error} />}
        </Stack>
      </DialogBody>
    </Dialog>
  );
}

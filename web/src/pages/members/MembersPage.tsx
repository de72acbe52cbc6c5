/** Who may do what in this workspace. */

import { ActionIcon, Button, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import type { Member, Role } from "../../api/types";
import { membersKey, membersQuery, removeMember, setMember } from "../../api/workspace";
import { Confirm } from "../../components/Confirm";
import { Dialog, DialogBody } from "../../components/Dialog";
import { PlusIcon, TrashIcon } from "../../components/icons";
import { done, notDone } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { Empty, ErrorState, Loading } from "../../components/States";
import { useRole, useSession } from "../../components/useRole";
import classes from "./MembersPage.module.css";

const route = getRouteApi("/w/$ws/members");

const ROLES: { value: Role; label: string; may: string }[] = [
  { value: "viewer", label: "Viewer", may: "reads everything but secrets" },
  { value: "developer", label: "Developer", may: "also writes jobs and the catalog, and tries them" },
  { value: "operator", label: "Operator", may: "also deploys, starts and stops" },
  { value: "owner", label: "Owner", may: "also sets members, secrets and connections" },
];

export function MembersPage() {
  const { ws } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const { user } = useSession();
  const canWrite = isAtLeast("owner");
  const queryClient = useQueryClient();
  const members = useQuery(membersQuery(ws));
  const [isAdding, setAdding] = useState(false);
  const [dropped, setDropped] = useState<Member | null>(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: membersKey(ws) });
  const change = useMutation({
    mutationFn: ({ user: whom, role }: { user: string; name: string; role: Role }) =>
      setMember(ws, whom, role),
    onSuccess: (_, { name, role }) => done(`${name} is ${role} now`),
    onError: (error) => notDone("Could not change the role", error),
    onSettled: refresh,
  });
  const add = (
    <Button
      variant="filled"
      disabled={!canWrite}
      title={canWrite ? undefined : "Owners add members"}
      leftSection={<PlusIcon size={14} />}
      onClick={() => setAdding(true)}
    >
      Add a member
    </Button>
  );
  return (
    <>
      <PageHeader title="Members" actions={add} />
      <div className={classes.page}>
        <div className="panel">
          {members.isPending ? (
            <Loading rows={5} />
          ) : members.isLoadingError ? (
            <ErrorState error={members.error} retry={members.refetch} />
          ) : members.data.items.length === 0 ? (
            <Empty title="No members" action={add}>
              Administrators can do everything everywhere; everyone else must be a member.
            </Empty>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th>Member</th>
                  <th>Role</th>
                  <th>May</th>
                  <th>
                    <span className="spoken">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {members.data.items.map((member) => (
                  <tr key={member.user}>
                    <td>
                      <b>{member.user_name}</b>{" "}
                      {member.user === user.id && <span className="dimmed">you</span>}
                    </td>
                    <td>
                      {canWrite ? (
                        <NativeSelect
                          aria-label={`Role of ${member.user_name}`}
                          className={classes.role ?? ""}
                          value={member.role}
                          onChange={({ currentTarget: { value } }) =>
                            change.mutate({ user: member.user, name: member.user_name, role: value as Role })
                          }
                          data={ROLES.map(({ value, label }) => ({ value, label }))}
                        />
                      ) : (
                        member.role
                      )}
                    </td>
                    <td className="dimmed">{ROLES.find(({ value }) => value === member.role)?.may}</td>
                    <td className="actions">
                      {canWrite && (
                        <ActionIcon
                          aria-label={`Remove ${member.user_name}`}
                          onClick={() => setDropped(member)}
                        >
                          <TrashIcon size={14} />
                        </ActionIcon>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </div>
      </div>
      {isAdding && <Add ws={ws} onClose={() => setAdding(false)} />}
      {dropped && (
        <Confirm
          title={`Remove ${dropped.user_name}?`}
          action="Remove"
          onClose={() => setDropped(null)}
          onConfirm={async () => {
            await removeMember(ws, dropped.user);
            await refresh();
            done(`${dropped.user_name} is no member any more`);
          }}
        >
          They lose all access to this workspace at once; their API tokens stop working here.
        </Confirm>
      )}
    </>
  );
}

function Add({ ws, onClose }: { ws: string; onClose: () => void }) {
  const queryClient = useQueryClient();
  const [user, setUser] = useState("");
  const [role, setRole] = useState<Role>("developer");
  const add = useMutation({
    mutationFn: () => setMember(ws, user.trim(), role),
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: membersKey(ws) });
      done(`${user.trim()} is ${role} now`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Dialog onClose={onClose} title="Add a member">
      <DialogBody
        onSubmit={submit}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="filled" loading={add.isPending} disabled={user.trim() === ""}>
              Add
            </Button>
          </>
        }
      >
        <Stack gap="md">
          <TextInput
            label="User"
            description="The name they sign in with. Administrators make users."
            value={user}
            onChange={(event) => setUser(event.currentTarget.value)}
            required
            withAsterisk={false}
            data-autofocus
          />
          <NativeSelect
            label="Role"
            description={`Each role may do what the ones before it may. This one ${ROLES.find(({ value }) => value === role)?.may}.`}
            value={role}
            onChange={({ currentTarget: { value } }) => setRole(value as Role)}
            data={ROLES.map(({ value, label }) => ({ value, label }))}
          />
          {add.error && <ErrorState error={add.error} />}
        </Stack>
      </DialogBody>
    </Dialog>
  );
}

/** Tokens for the command line and for programs. The text of one is shown once, when it is made. */

import { ActionIcon, Button, Group, NativeSelect, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { createToken, deleteToken, tokensQuery } from "../../api/account";
import { roleIn, roleIsAtLeast } from "../../api/session";
import type { NewToken, Role, Token } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { CopyText } from "../../components/CopyText";
import { Dialog, DialogBody } from "../../components/Dialog";
import { PlusIcon, TrashIcon } from "../../components/icons";
import { done } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import { useSession } from "../../components/useRole";
import classes from "./TokensPage.module.css";

const route = getRouteApi("/w/$ws/tokens");
const DAY_MS = 86_400_000;
const LIFETIMES = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
];

export function TokensPage() {
  const tokens = useQuery(tokensQuery);
  const queryClient = useQueryClient();
  const { ws } = route.useParams();
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<NewToken | null>(null);
  const [dropped, setDropped] = useState<Token | null>(null);
  const add = (
    <Button variant="filled" leftSection={<PlusIcon size={14} />} onClick={() => setMaking(true)}>
      New token
    </Button>
  );
  return (
    <>
      <PageHeader
        title="API tokens"
        beside={<span className="dimmed">yours, in all workspaces</span>}
        actions={add}
      />
      <div className={classes.page}>
        <div className="panel">
          {tokens.isPending ? (
            <Loading rows={4} />
          ) : tokens.isLoadingError ? (
            <ErrorState error={tokens.error} retry={tokens.refetch} />
          ) : tokens.data.items.length === 0 ? (
            <Empty title="No tokens" action={add}>
              A token lets the command line or a program do what you may, for a while, and no more than the
              role you give it.
            </Empty>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th>Token</th>
                  <th>Workspace</th>
                  <th>Role</th>
                  <th>Ends</th>
                  <th>Used</th>
                  <th>Made</th>
                  <th>
                    <span className="spoken">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {tokens.data.items.map((token) => (
                  <tr key={token.id}>
                    <td>
                      <b>{token.name}</b>
                    </td>
                    <td>{token.workspace ?? <span className="dimmed">all of yours</span>}</td>
                    <td>{token.role}</td>
                    <td>
                      <Ends token={token} />
                    </td>
                    <td className="dimmed">
                      <Ago time={token.last_used_at} />
                    </td>
                    <td className="dimmed">
                      <Ago time={token.created_at} />
                    </td>
                    <td className="actions">
                      <ActionIcon aria-label={`Revoke ${token.name}`} onClick={() => setDropped(token)}>
                        <TrashIcon size={14} />
                      </ActionIcon>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </div>
      </div>
      {isMaking && (
        <Make
          ws={ws}
          onClose={() => setMaking(false)}
          onMade={(token) => {
            setMaking(false);
            setMade(token);
          }}
        />
      )}
      {made && <Once token={made} onClose={() => setMade(null)} />}
      {dropped && (
        <Confirm
          title={`Revoke ${dropped.name}?`}
          action="Revoke it"
          onClose={() => setDropped(null)}
          onConfirm={async () => {
            await deleteToken(dropped.id);
            await queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey });
            done(`${dropped.name} is revoked`);
          }}
        >
          Whoever uses it is refused at once.
        </Confirm>
      )}
    </>
  );
}

function Ends({ token }: { token: Token }) {
  if (!token.expires_at) return <span className={classes.warn}>never</span>;
  const isOver = Date.parse(token.expires_at) < Date.now();
  return (
    <span className={isOver ? classes.bad : undefined}>
      {isOver && "ended "}
      <Ago time={token.expires_at} />
    </span>
  );
}

function Make({
  ws,
  onClose,
  onMade,
}: {
  ws: string;
  onClose: () => void;
  onMade: (token: NewToken) => void;
}) {
  const session = useSession();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [workspace, setWorkspace] = useState(ws);
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("30");
  const mine = workspace ? roleIn(session, workspace) : "owner";
  const create = useMutation({
    mutationFn: () =>
      createToken({
        name: name.trim(),
        workspace: workspace || null,
        role,
        expires_at: new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
      }),
    onSuccess: (token) => {
      queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey });
      onMade(token);
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <Dialog onClose={onClose} title="New token">
      <DialogBody
        onSubmit={submit}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="filled" loading={create.isPending} disabled={name.trim() === ""}>
              Make the token
            </Button>
          </>
        }
      >
        <Stack gap="md">
          <TextInput
            label="Name"
            description="What it is for."
            placeholder="continuous integration"
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            required
            withAsterisk={false}
            data-autofocus
          />
          <NativeSelect
            label="Workspace"
            value={workspace}
            onChange={({ currentTarget: { value } }) => setWorkspace(value)}
            data={[
              ...session.workspaces.map((each) => ({
                value: each.name,
                label: each.display_name ?? each.name,
              })),
              { value: "", label: "All of mine" },
            ]}
          />
          <Group grow>
            <NativeSelect
              label="Role at most"
              value={role}
              onChange={({ currentTarget: { value } }) => setRole(value as Role)}
              data={(["viewer", "developer", "operator", "owner"] as const).map((value) => ({
                value,
                label: value,
                disabled: !roleIsAtLeast(mine, value),
              }))}
            />
            <NativeSelect
              label="Ends after"
              value={days}
              onChange={({ currentTarget: { value } }) => setDays(value)}
              data={LIFETIMES}
            />
          </Group>
          {create.error && <ErrorState error={create.error} />}
        </Stack>
      </DialogBody>
    </Dialog>
  );
}

function Once({ token, onClose }: { token: NewToken; onClose: () => void }) {
  return (
    // Closed only on purpose: the text cannot be had again.
    <Dialog onClose={onClose} title={token.name} closeOnClickOutside={false} closeOnEscape={false}>
      <DialogBody
        buttons={
          <>
            <CopyText text={token.token} label="Copy the token" variant="filled" data-autofocus />
            <Button onClick={onClose}>I have it</Button>
          </>
        }
      >
        <p className={classes.once}>Copy it now. It is shown this once and can never be shown again.</p>
        <output className={classes.token} aria-label="The token">
          {token.token}
        </output>
      </DialogBody>
    </Dialog>
  );
}

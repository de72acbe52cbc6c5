/** States of this deployment that people have asked to be kept: taken, gone on from, deleted. */

import { ActionIcon, Button, Loader, Menu, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { createSavepoint, deleteSavepoint, savepointsKey, savepointsQuery } from "../../api/savepoints";
import type { Deployment, Savepoint } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { Dialog, DialogBody } from "../../components/Dialog";
import { MoreIcon, PlayIcon, PlusIcon, TrashIcon, WarningIcon } from "../../components/icons";
import { done } from "../../components/notify";
import { Pager } from "../../components/Pager";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import { useRole } from "../../components/useRole";
import { bytes } from "../../lib/format";
import classes from "./CheckpointsTab.module.css";
import { UpgradeDialog } from "./UpgradeDialog";
import { isUnderWay } from "./WithoutState";

const route = getRouteApi("/w/$ws/deployments/$id");

export function SavepointsPanel({ deployment }: { deployment: Deployment }) {
  const { ws, id } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const [cursor, setCursor] = useState<string | undefined>();
  const savepoints = useQuery(savepointsQuery(ws, { deployment_id: id, cursor }));
  const [isAsked, setAsked] = useState(false);
  const mayTake = isAtLeast("operator") && isUnderWay(deployment);
  const take = (
    <Button disabled={!mayTake} leftSection={<PlusIcon size={13} />} onClick={() => setAsked(true)}>
      Take a savepoint
    </Button>
  );
  const items = savepoints.data?.items ?? [];
  return (
    <section className={`panel ${classes.savepoints}`} aria-labelledby="savepoints">
      <div className="panel-head">
        <h2 id="savepoints">Savepoints</h2>
        <span className="end">{items.length > 0 && take}</span>
      </div>
      {savepoints.isPending ? (
        <Loading rows={3} />
      ) : savepoints.isLoadingError ? (
        <ErrorState error={savepoints.error} retry={savepoints.refetch} />
      ) : items.length === 0 && !cursor ? (
        <Empty compact title="No savepoint yet" action={take}>
          A savepoint keeps the state of this moment until somebody deletes it: before an upgrade, or to begin
          another deployment from. The job goes on while it is taken.
        </Empty>
      ) : (
        <>
          <List savepoints={items} deployment={deployment} />
          <Pager shown={items.length} cursor={cursor} next={savepoints.data.next_cursor} onGo={setCursor} />
        </>
      )}
      {isAsked && <TakeDialog ws={ws} deployment={deployment} onClose={() => setAsked(false)} />}
    </section>
  );
}

function List({ savepoints, deployment }: { savepoints: Savepoint[]; deployment: Deployment }) {
  const { ws } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const queryClient = useQueryClient();
  const [dialog, setDialog] = useState<{ kind: "restore" | "delete"; savepoint: Savepoint } | null>(null);
  const mayOperate = isAtLeast("operator");
  return (
    <div className={classes.table}>
      <table className="plain" aria-labelledby="savepoints">
        <thead>
          <tr>
            <th>Name</th>
            <th>Taken</th>
            <th className="number">Size</th>
            <th className="number">Version</th>
            <th>By</th>
            <th>Note</th>
            <th className={classes.more}>
              <span className="spoken">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {savepoints.map((savepoint) => (
            <tr key={savepoint.id}>
              <td title={savepoint.id}>{savepoint.name || <span className="dimmed">unnamed</span>}</td>
              <td>{savepoint.taken ? <Ago time={savepoint.taken.taken_at} /> : "–"}</td>
              <td className="number">{savepoint.taken ? bytes(savepoint.taken.bytes) : "–"}</td>
              <td className="number">{savepoint.version}</td>
              <td>{savepoint.created_by}</td>
              <td>
                <Note savepoint={savepoint} isUsed={deployment.restore_savepoint === savepoint.id} />
              </td>
              <td className={classes.more}>
                <Menu position="bottom-end">
                  <Menu.Target>
                    <ActionIcon aria-label={`More about savepoint ${savepoint.name || savepoint.id}`}>
                      <MoreIcon />
                    </ActionIcon>
                  </Menu.Target>
                  <Menu.Dropdown>
                    <Menu.Item
                      disabled={!mayOperate || savepoint.status !== "done"}
                      leftSection={<PlayIcon size={14} />}
                      onClick={() => setDialog({ kind: "restore", savepoint })}
                    >
                      Start from it…
                    </Menu.Item>
                    <Menu.Item
                      color="var(--o-bad)"
                      disabled={!mayOperate}
                      leftSection={<TrashIcon size={14} />}
                      onClick={() => setDialog({ kind: "delete", savepoint })}
                    >
                      Delete it…
                    </Menu.Item>
                  </Menu.Dropdown>
                </Menu>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {dialog?.kind === "restore" && (
        <UpgradeDialog
          ws={ws}
          deployment={deployment}
          savepoint={dialog.savepoint}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog?.kind === "delete" && (
        <Confirm
          title={`Delete ${dialog.savepoint.name ? `the savepoint ${dialog.savepoint.name}` : "the savepoint"}?`}
          action="Delete it"
          onClose={() => setDialog(null)}
          onConfirm={async () => {
            await deleteSavepoint(ws, dialog.savepoint.id);
            queryClient.invalidateQueries({ queryKey: savepointsKey(ws) });
            done("The savepoint is deleted");
          }}
        >
          Nobody can go on from it any more. Checkpoints and other savepoints stay.
        </Confirm>
      )}
    </div>
  );
}

function Note({ savepoint, isUsed }: { savepoint: Savepoint; isUsed: boolean }) {
  if (savepoint.status === "pending") {
    return (
      <span className={classes.note} role="status">
        <Loader size={12} />
        {savepoint.at_stop ? "taken when the job stops" : "being taken"}
      </span>
    );
  }
  if (savepoint.status === "failed") {
    return (
      <span className={classes.note} data-bad>
        <WarningIcon size={13} />
        not taken: {savepoint.reason}
      </span>
    );
  }
  const notes = [isUsed && "this deployment began from it", savepoint.at_stop && "at a stop"];
  return notes.filter(Boolean).join(", ");
}

function TakeDialog({
  ws,
  deployment,
  onClose,
}: {
  ws: string;
  deployment: Deployment;
  onClose: () => void;
}) {
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const take = useMutation({
    mutationFn: () => createSavepoint(ws, deployment.id, name.trim()),
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: savepointsKey(ws) });
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title={`Take a savepoint of ${deployment.name}`} size="sm">
      <DialogBody
        onSubmit={(event) => {
          event.preventDefault();
          take.mutate();
        }}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" variant="filled" loading={take.isPending}>
              Take it
            </Button>
          </>
        }
      >
        <Stack gap="md">
          <TextInput
            label="Name"
            description="For whoever looks for it later; may be left out."
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
          {take.error && <ErrorState error={take.error} />}
        </Stack>
      </DialogBody>
    </Dialog>
  );
}

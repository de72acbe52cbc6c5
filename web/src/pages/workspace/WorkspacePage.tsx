/** The workspace itself: what is in it, as files to take away and to bring back, and its end. */

import { Button, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { WorkspaceDetail } from "../../api/types";
import { deleteWorkspace, exportWorkspace, workspaceQuery } from "../../api/workspace";
import { Confirm } from "../../components/Confirm";
import { DownloadIcon, TrashIcon } from "../../components/icons";
import { done, notDone } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { ErrorState, Loading } from "../../components/States";
import { useRole, useSession } from "../../components/useRole";
import { count, dateTime } from "../../lib/format";
import { writeZip } from "../../lib/zip";
import { Import } from "./Import";
import classes from "./WorkspacePage.module.css";

const route = getRouteApi("/w/$ws/workspace");

export function WorkspacePage() {
  const { ws } = route.useParams();
  const { user } = useSession();
  const { isAtLeast } = useRole(ws);
  const workspace = useQuery(workspaceQuery(ws));
  return (
    <>
      <PageHeader title="Workspace" />
      <div className={classes.page}>
        <section className="panel" aria-labelledby="facts">
          <div className="panel-head">
            <h2 id="facts">What is in it</h2>
          </div>
          {workspace.isPending ? (
            <Loading rows={3} />
          ) : workspace.isLoadingError ? (
            <ErrorState error={workspace.error} retry={workspace.refetch} />
          ) : (
            <Facts workspace={workspace.data} />
          )}
        </section>
        <Export ws={ws} />
        <section className="panel" aria-labelledby="import">
          <div className="panel-head">
            <h2 id="import">Import</h2>
          </div>
          <Import ws={ws} canWrite={isAtLeast("owner")} />
        </section>
        {user.is_admin && <End ws={ws} />}
      </div>
    </>
  );
}

function Facts({ workspace }: { workspace: WorkspaceDetail }) {
  const { name, display_name, created_at, counts } = workspace;
  const facts = [
    [
      "Name",
      <span key="name" className="mono">
        {name}
      </span>,
    ],
    ["Shown as", display_name],
    ["Made", dateTime(created_at)],
    ["Jobs", count(counts.drafts)],
    ["Deployments", count(counts.deployments)],
    ["Connections", count(counts.connections)],
    ["Secrets", count(counts.secrets)],
    ["Members", count(counts.members)],
  ] as const;
  return (
    <dl className={classes.facts}>
      {facts.map(([word, value]) => (
        <div key={word}>
          <dt>{word}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Export({ ws }: { ws: string }) {
  const download = useMutation({
    mutationFn: () => exportWorkspace(ws),
    onSuccess: ({ files }) => save(`${ws}.zip`, writeZip(files)),
    onError: (error) => notDone("Could not export the workspace", error),
  });
  return (
    <section className="panel" aria-labelledby="export">
      <div className="panel-head">
        <h2 id="export">Export</h2>
      </div>
      <div className={classes.body}>
        <p>
          Jobs, their deployments, the catalog and the connections as SQL and YAML files, to keep in git or to
          bring into another server. Secrets are named, never written.
        </p>
        <Button
          leftSection={<DownloadIcon size={14} />}
          loading={download.isPending}
          onClick={() => download.mutate()}
        >
          Download as ZIP
        </Button>
      </div>
    </section>
  );
}

function End({ ws }: { ws: string }) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const [typed, setTyped] = useState("");
  return (
    <section className="panel" aria-labelledby="end">
      <div className="panel-head">
        <h2 id="end">Delete</h2>
      </div>
      <div className={classes.body}>
        <p>All of it, for good. Deployments must be stopped first.</p>
        <Button leftSection={<TrashIcon size={14} />} onClick={() => setAsking(true)}>
          Delete the workspace
        </Button>
      </div>
      {isAsking && (
        <Confirm
          title={`Delete ${ws}?`}
          action="Delete all of it"
          isReady={typed === ws}
          onClose={() => setAsking(false)}
          onConfirm={async () => {
            await deleteWorkspace(ws);
            done(`${ws} is deleted`);
            await queryClient.refetchQueries({ queryKey: ["session"] });
            navigate({ to: "/" });
          }}
        >
          <p>Jobs, versions, runs, tables, connections, secrets and the trail of changes are lost.</p>
          <TextInput
            label={`Type ${ws} to go on`}
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
        </Confirm>
      )}
    </section>
  );
}

function save(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  const address = URL.createObjectURL(new Blob([bytes], { type: "application/zip" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads it after the click is over.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

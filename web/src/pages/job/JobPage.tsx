/** A job: its text, its settings, its versions, and the way into production. */

import { ActionIcon, Button, Menu, Tabs, Tooltip } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { deploymentsQuery } from "../../api/deployments";
import { deleteDraft, draftQuery, draftsKey } from "../../api/drafts";
import type { Draft } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { DeployIcon, MoreIcon, SaveVersionIcon, TrashIcon } from "../../components/icons";
import { done, notDone } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { Phase } from "../../components/Phase";
import { ErrorState, Loading } from "../../components/States";
import { useRole } from "../../components/useRole";
import type { SaveState } from "../../lib/autosave";
import { ConflictBar } from "./ConflictBar";
import { DeployDialog } from "./DeployDialog";
import { EditorTab } from "./EditorTab";
import classes from "./JobPage.module.css";
import { KeepVersionDialog } from "./KeepVersionDialog";
import { SettingsTab } from "./SettingsTab";
import { useAutosave } from "./useAutosave";
import { VersionsTab } from "./VersionsTab";

const route = getRouteApi("/w/$ws/jobs/$draft");

export function JobPage() {
  const { ws, draft: id } = route.useParams();
  const draft = useQuery(draftQuery(ws, id));
  if (draft.isPending) {
    return (
      <>
        <PageHeader title="Job" />
        <Loading rows={12} />
      </>
    );
  }
  if (draft.error && !draft.data) {
    return (
      <>
        <PageHeader title="Job" />
        <ErrorState error={draft.error} retry={draft.refetch} />
      </>
    );
  }
  return <Job key={id} draft={draft.data as Draft} />;
}

type Tab = "editor" | "versions" | "settings";

function Job({ draft }: { draft: Draft }) {
  const { ws } = route.useParams();
  const { tab = "editor" } = route.useSearch();
  const navigate = route.useNavigate();
  const { isAtLeast } = useRole(ws);
  const canWrite = isAtLeast("developer");
  const { content, base, state, autosave } = useAutosave(ws, draft);
  const [dialog, setDialog] = useState<"keep" | "delete" | { deploy: number | undefined } | null>(null);
  const deployments = useQuery(deploymentsQuery(ws, { draft_id: draft.id, limit: 200 }));
  const running = deployments.data?.items ?? [];
  const flush = () => autosave.flush();
  // Settings are edited as rows; a text that came from elsewhere makes new ones.
  const [epoch, setEpoch] = useState(0);

  return (
    <div className={classes.page}>
      <PageHeader
        title={content.name}
        above={
          <Link className="link" to="/w/$ws/jobs" params={{ ws }}>
            Jobs
          </Link>
        }
        name={<Name name={content.name} canWrite={canWrite} onRename={(name) => autosave.edit({ name })} />}
        beside={
          <>
            <Saved
              state={state}
              onRetry={() => flush().catch((error: unknown) => notDone("Could not save", error))}
            />
            {running.map(({ id, name, phase, version }) => (
              <Tooltip key={id} label={`${name}, version ${version}`}>
                <Link className={classes.running ?? ""} to="/w/$ws/deployments/$id" params={{ ws, id }}>
                  <Phase phase={phase} size="md" />
                </Link>
              </Tooltip>
            ))}
          </>
        }
        actions={
          <>
            <Button
              disabled={!canWrite}
              leftSection={<SaveVersionIcon size={14} />}
              onClick={() => setDialog("keep")}
            >
              Keep version
            </Button>
            <Button
              variant="filled"
              disabled={!isAtLeast("operator")}
              title={isAtLeast("operator") ? undefined : "Operators deploy"}
              leftSection={<DeployIcon size={14} />}
              onClick={() => setDialog({ deploy: undefined })}
            >
              Deploy
            </Button>
            <Menu>
              <Menu.Target>
                <ActionIcon aria-label="More about this job">
                  <MoreIcon />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item
                  color="var(--o-bad)"
                  disabled={!canWrite}
                  leftSection={<TrashIcon size={14} />}
                  onClick={() => setDialog("delete")}
                >
                  Delete the job
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </>
        }
      />
      {state.kind === "conflict" && <ConflictBar theirs={state.theirs} mine={content} autosave={autosave} />}
      <Tabs
        className={classes.tabs ?? ""}
        value={tab}
        keepMounted
        onChange={(next) =>
          navigate({
            search: (search) => ({
              ...search,
              tab: next === "editor" ? undefined : (next as Exclude<Tab, "editor">),
            }),
          })
        }
      >
        <Tabs.List>
          <Tabs.Tab value="editor">SQL</Tabs.Tab>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          <Tabs.Tab value="settings">Settings</Tabs.Tab>
        </Tabs.List>
        {/* The editor stays while other tabs are looked at: its undo history and its rows would be lost. */}
        <Tabs.Panel value="editor" className={classes.panel}>
          <EditorTab
            sql={content.sql}
            settings={content.settings}
            canWrite={canWrite}
            onEdit={(sql) => autosave.edit({ sql })}
            onSave={() => flush().catch((error: unknown) => notDone("Could not save", error))}
          />
        </Tabs.Panel>
        <Tabs.Panel value="versions" className={classes.panel}>
          {tab === "versions" && (
            <VersionsTab
              canWrite={canWrite}
              canDeploy={isAtLeast("operator")}
              beforeRollBack={flush}
              onRolledBack={(rolled) => {
                autosave.adopt(rolled);
                setEpoch((last) => last + 1);
              }}
              onDeploy={(version) => setDialog({ deploy: version })}
              onKeep={() => setDialog("keep")}
            />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="settings" className={classes.panel}>
          <SettingsTab
            key={epoch}
            settings={content.settings}
            canWrite={canWrite}
            onEdit={(settings) => autosave.edit({ settings })}
          />
        </Tabs.Panel>
      </Tabs>
      {dialog === "keep" && (
        <KeepVersionDialog
          ws={ws}
          draft={draft.id}
          flush={flush}
          onClose={() => setDialog(null)}
          onKept={({ number }) => {
            setDialog(null);
            done(`Kept as version ${number}`);
            // The newest is what the list of versions shows unless another one was asked for.
            navigate({
              search: (search) => ({ ...search, version: undefined, against: undefined }),
              replace: true,
            });
          }}
        />
      )}
      {dialog === "delete" && (
        <Delete
          ws={ws}
          draft={{ ...base, name: content.name }}
          flush={flush}
          onClose={() => setDialog(null)}
        />
      )}
      {dialog !== null && typeof dialog === "object" && (
        <DeployDialog
          ws={ws}
          draft={draft.id}
          content={content}
          version={dialog.deploy}
          flush={flush}
          onClose={() => setDialog(null)}
        />
      )}
    </div>
  );
}

/** The heading is also where the job is renamed. */
function Name({
  name,
  canWrite,
  onRename,
}: {
  name: string;
  canWrite: boolean;
  onRename: (name: string) => void;
}) {
  const [text, setText] = useState(name);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(name), [name]);
  if (!canWrite) return name;
  const settle = () => {
    const next = text.trim();
    if (next && next !== name) onRename(next);
    else setText(name);
  };
  return (
    <input
      ref={input}
      className={classes.name}
      aria-label="Name of the job"
      value={text}
      size={Math.min(48, Math.max(6, text.length))}
      maxLength={200}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={settle}
      onKeyDown={(event) => {
        if (event.key === "Enter") input.current?.blur();
        if (event.key === "Escape") setText(name);
      }}
    />
  );
}

function Saved({ state, onRetry }: { state: SaveState; onRetry: () => void }) {
  if (state.kind === "failed") {
    return (
      <button type="button" className={classes.saved} data-bad onClick={onRetry}>
        not saved: try again
      </button>
    );
  }
  const said = { saved: "saved", unsaved: "…", saving: "saving…", conflict: "not saved" }[state.kind];
  return (
    <span className={classes.saved} role="status" data-bad={state.kind === "conflict" || undefined}>
      {said}
    </span>
  );
}

function Delete({
  ws,
  draft,
  flush,
  onClose,
}: {
  ws: string;
  draft: Draft;
  flush: () => Promise<Draft>;
  onClose: () => void;
}) {
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  return (
    <Confirm
      title={`Delete ${draft.name}?`}
      action="Delete the job"
      onClose={onClose}
      onConfirm={async () => {
        const { revision } = await flush();
        await deleteDraft(ws, draft.id, revision);
        queryClient.invalidateQueries({ queryKey: draftsKey(ws) });
        done(`${draft.name} is deleted`);
        navigate({ to: "/w/$ws/jobs", params: { ws } });
      }}
    >
      The draft and all its versions are lost. A job that is deployed cannot be deleted.
    </Confirm>
  );
}

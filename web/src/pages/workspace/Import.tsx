/** Brings files into the workspace: first what they would change, then, on a second word, the change. */

import { Button, Checkbox, Group } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { BundleChange, BundleReport, Files } from "../../api/types";
import { diffImport, importWorkspace } from "../../api/workspace";
import { DiffView } from "../../components/DiffView";
import { FolderIcon, UploadIcon } from "../../components/icons";
import { done } from "../../components/notify";
import { Problems } from "../../components/Problems";
import { Empty, ErrorState, Loading } from "../../components/States";
import { bundleOf } from "../../lib/bundle";
import { count } from "../../lib/format";
import classes from "./WorkspacePage.module.css";

interface Chosen {
  name: string;
  files: Files;
}

export function Import({ ws, canWrite }: { ws: string; canWrite: boolean }) {
  const queryClient = useQueryClient();
  const [prune, setPrune] = useState(false);
  const read = useMutation({
    mutationFn: async (list: File[]): Promise<Chosen> => {
      const [first] = list;
      return {
        name: first?.webkitRelativePath.split("/")[0] || (first?.name ?? ""),
        files: await bundleOf(list),
      };
    },
  });
  const apply = useMutation({
    mutationFn: (files: Files) => importWorkspace(ws, files, prune),
    onSuccess: ({ applied }) => {
      if (!applied) return;
      done("The workspace is as the files say");
      read.reset();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["ws", ws] }),
  });
  const choose = (list: File[]) => {
    apply.reset();
    if (list.length > 0) read.mutate(list);
  };
  const chosen = read.data;
  return (
    <div className={classes.body}>
      <p>Files as they were exported, changed or not. What they would change is shown before anything is.</p>
      <Group gap="sm">
        <FileChoice label="Choose a folder" isFolder disabled={!canWrite} onChoose={choose} />
        <FileChoice label="Choose a ZIP" disabled={!canWrite} onChoose={choose} />
        <Checkbox
          label="Also delete what the files do not hold"
          checked={prune}
          disabled={!canWrite}
          onChange={(event) => setPrune(event.currentTarget.checked)}
        />
      </Group>
      {!canWrite && <p className="dimmed">Owners import.</p>}
      {read.error && <ErrorState error={read.error} />}
      {chosen && (
        <Review
          ws={ws}
          chosen={chosen}
          chosenAt={read.submittedAt}
          prune={prune}
          isBusy={apply.isPending}
          error={apply.error}
          report={apply.data}
          onApply={() => apply.mutate(chosen.files)}
          onLeave={() => {
            read.reset();
            apply.reset();
          }}
        />
      )}
    </div>
  );
}

/** A button that opens the browser's own choice of files. */
function FileChoice({
  label,
  isFolder = false,
  disabled,
  onChoose,
}: {
  label: string;
  isFolder?: boolean;
  disabled: boolean;
  onChoose: (files: File[]) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button
        disabled={disabled}
        leftSection={isFolder ? <FolderIcon size={14} /> : <UploadIcon size={14} />}
        onClick={() => input.current?.click()}
      >
        {label}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label={label}
        {...(isFolder ? { webkitdirectory: "" } : { accept: ".zip" })}
        onChange={({ currentTarget }) => {
          onChoose([...(currentTarget.files ?? [])]);
          // Choosing the same again is choosing again.
          currentTarget.value = "";
        }}
      />
    </>
  );
}

const VERBS = { create: "to make", update: "to change", delete: "to delete", unchanged: "as they are" };

function Review({
  ws,
  chosen: { name, files },
  chosenAt,
  prune,
  isBusy,
  error,
  report,
  onApply,
  onLeave,
}: {
  ws: string;
  chosen: Chosen;
  chosenAt: number;
  prune: boolean;
  isBusy: boolean;
  error: unknown;
  /** Of a change that was tried. */
  report: BundleReport | undefined;
  onApply: () => void;
  onLeave: () => void;
}) {
  const diff = useQuery({
    queryKey: ["import", ws, chosenAt, prune],
    queryFn: () => diffImport(ws, files, prune),
    gcTime: 0,
    retry: false,
  });
  if (diff.isPending) return <Loading rows={4} label="Comparing" />;
  if (diff.isLoadingError) return <ErrorState error={diff.error} retry={diff.refetch} />;
  const { changes, diagnostics } = report ?? diff.data;
  const moving = changes.filter(({ action }) => action !== "unchanged");
  const tally = (Object.keys(VERBS) as BundleChange["action"][])
    .map((action) => [VERBS[action], changes.filter((change) => change.action === action).length] as const)
    .filter(([, many]) => many > 0);
  const isWrong = diagnostics.some(({ severity }) => severity === "error");
  return (
    <section className={classes.review} aria-label="What it would change">
      <p className={classes.tally}>
        <b>{name}</b>
        <span className="dimmed">{count(Object.keys(files).length)} files</span>
        {tally.map(([verb, many]) => (
          <span key={verb}>
            {count(many)} {verb}
          </span>
        ))}
      </p>
      {diagnostics.length > 0 && <Problems diagnostics={diagnostics} />}
      {moving.length === 0 && !isWrong && <Empty compact title="The workspace is as the files say" />}
      <ul className={classes.changes}>
        {moving.map((change) => (
          <li key={`${change.noun} ${change.name}`}>
            <ChangeView change={change} />
          </li>
        ))}
      </ul>
      {error !== null && <ErrorState error={error} />}
      <Group justify="flex-end" gap="sm">
        <Button onClick={onLeave}>Cancel</Button>
        <Button variant="filled" loading={isBusy} disabled={isWrong || moving.length === 0} onClick={onApply}>
          Import it
        </Button>
      </Group>
    </section>
  );
}

function ChangeView({ change: { noun, name, action, lines } }: { change: BundleChange }) {
  const line = (
    <>
      <span className={classes.action} data-action={action}>
        {action}
      </span>
      <span className="dimmed">{noun}</span>
      <b className="truncate">{name}</b>
    </>
  );
  if (lines.length === 0) return <div className={classes.change}>{line}</div>;
  return (
    <details>
      <summary className={classes.change}>{line}</summary>
      <DiffView lines={lines} label={`${action} ${noun} ${name}`} />
    </details>
  );
}

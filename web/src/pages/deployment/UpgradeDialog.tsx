/** Puts another version of the same job into a deployment, or another parallelism. */

import { Button, Checkbox, Group, NativeSelect, NumberInput, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeDeployment, deploymentKey, takeDeployment } from "../../api/deployments";
import { versionDiffQuery, versionsQuery } from "../../api/drafts";
import type { Deployment, Savepoint } from "../../api/types";
import { Dialog, DialogBody } from "../../components/Dialog";
import { DiffBox } from "../../components/DiffView";
import { done } from "../../components/notify";
import { Refusal } from "../../components/Problems";
import { StateChoice, useStateWish } from "../../components/StateChoice";
import { Empty, ErrorState, Loading } from "../../components/States";
import { ago } from "../../lib/format";
import classes from "./UpgradeDialog.module.css";

export function UpgradeDialog({
  ws,
  deployment,
  savepoint,
  onClose,
}: {
  ws: string;
  deployment: Deployment;
  /** One to begin from, in the version that it was taken of. */
  savepoint?: Savepoint | undefined;
  onClose: () => void;
}) {
  const queryClient = useQueryClient();
  const versions = useQuery(versionsQuery(ws, deployment.draft_id));
  const isOfDraft = savepoint?.draft_id === deployment.draft_id;
  const [chosen, setChosen] = useState<number | null>(isOfDraft ? (savepoint?.version ?? null) : null);
  const [isKept, setKept] = useState(true);
  const [parallelism, setParallelism] = useState(deployment.parallelism ?? 1);
  const version = chosen ?? versions.data?.items[0]?.number ?? deployment.version;
  const choice = useStateWish({
    ws,
    deployment,
    draft: deployment.draft_id,
    version: versions.data ? version : null,
    savepoint: savepoint?.id,
  });
  const change = useMutation({
    mutationFn: () =>
      changeDeployment(ws, deployment, {
        version,
        ...choice.wish,
        ...(!isKept && { parallelism }),
        ...(savepoint && { desired: "running" as const }),
      }),
    onSuccess: (changed) => {
      takeDeployment(queryClient, ws, changed);
      done(
        savepoint
          ? `${deployment.name} goes on from the savepoint`
          : `${deployment.name} goes to version ${version}`,
      );
      onClose();
    },
    onError: () => queryClient.invalidateQueries({ queryKey: deploymentKey(ws, deployment.id), exact: true }),
  });
  const now = Date.now();
  const isSame =
    version === deployment.version &&
    (isKept || deployment.parallelism === parallelism) &&
    choice.kind === "latest";
  return (
    <Dialog
      onClose={onClose}
      title={savepoint ? `Start ${deployment.name} from a savepoint` : `Upgrade ${deployment.name}`}
      size="xl"
    >
      {versions.isPending ? (
        <DialogBody>
          <Loading rows={4} />
        </DialogBody>
      ) : versions.isLoadingError ? (
        <DialogBody>
          <ErrorState error={versions.error} retry={versions.refetch} />
        </DialogBody>
      ) : (
        <DialogBody
          buttons={
            <>
              <Button onClick={onClose}>Cancel</Button>
              <Button
                variant="filled"
                disabled={isSame || !choice.isReady}
                loading={change.isPending}
                onClick={() => change.mutate()}
              >
                {savepoint ? "Start from it" : version < deployment.version ? "Go back to it" : "Upgrade"}
              </Button>
            </>
          }
        >
          <Stack gap="md">
            <NativeSelect
              label={`Version (runs ${deployment.version} now)`}
              value={String(version)}
              onChange={({ currentTarget: { value } }) => setChosen(Number(value))}
              data={versions.data.items.map(({ number, comment, created_at }) => ({
                value: String(number),
                label: `${number} · ${comment || "no comment"} · ${ago(created_at, now)}`,
              }))}
              data-autofocus
            />
            {version !== deployment.version && (
              <Difference ws={ws} draft={deployment.draft_id} number={version} against={deployment.version} />
            )}
            {deployment.cluster && (
              <TextInput
                label="Runs on"
                description="For good: a deployment does not move."
                value={deployment.cluster}
                disabled
              />
            )}
            <Group gap="md" mih={28}>
              <Checkbox
                label="Parallelism as it is"
                checked={isKept}
                onChange={(event) => setKept(event.currentTarget.checked)}
              />
              {!isKept && (
                <NumberInput
                  aria-label="Parallelism"
                  w={90}
                  min={1}
                  max={1024}
                  allowDecimal={false}
                  value={parallelism}
                  onChange={(value) => setParallelism(Number(value) || 1)}
                />
              )}
            </Group>
            <StateChoice choice={choice} />
            <Refusal error={change.error} />
          </Stack>
        </DialogBody>
      )}
    </Dialog>
  );
}

function Difference({
  ws,
  draft,
  number,
  against,
}: {
  ws: string;
  draft: string;
  number: number;
  against: number;
}) {
  const diff = useQuery(versionDiffQuery(ws, draft, number, against));
  if (diff.data?.lines.some(({ op }) => op !== " ")) {
    return (
      <DiffBox
        className={classes.diff}
        label={`Version ${number} against ${against}`}
        lines={diff.data.lines}
      />
    );
  }
  return (
    <section className={classes.none} aria-label="What changes">
      {diff.isPending ? (
        <Loading rows={4} />
      ) : diff.isLoadingError ? (
        <ErrorState error={diff.error} retry={diff.refetch} />
      ) : (
        <Empty compact title="The text is the same" />
      )}
    </section>
  );
}

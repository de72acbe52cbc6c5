/**
 * Deploys a version: which, to where, with what.
 *
 * A draft that says more than its newest version is kept as a version first; then the server estimates what it needs.
 */

import { Button, Checkbox, NativeSelect, NumberInput, Radio, Stack, TextInput } from "@mantine/core";
import { type UseQueryResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { usableClustersQuery } from "../../api/clusters";
import { changeDeployment, createDeployment, deploymentsKey, deploymentsQuery } from "../../api/deployments";
import { type DraftContent, estimateQuery, versionQuery, versionsQuery } from "../../api/drafts";
import type { Deployment, Estimate, VersionSummary } from "../../api/types";
import { Dialog, DialogBody } from "../../components/Dialog";
import { done } from "../../components/notify";
import { Refusal } from "../../components/Problems";
import { StateChoice, useStateWish } from "../../components/StateChoice";
import { ErrorState, Loading } from "../../components/States";
import { clusterLabel } from "../../lib/clusters";
import { ago, bytes, words } from "../../lib/format";
import classes from "./DeployDialog.module.css";
import { useKeepVersion } from "./KeepVersionDialog";

export function DeployDialog({
  ws,
  draft,
  content,
  version,
  flush,
  onClose,
}: {
  ws: string;
  draft: string;
  content: DraftContent;
  /** The version to begin with; the newest where none is named. */
  version: number | undefined;
  flush: () => Promise<unknown>;
  onClose: () => void;
}) {
  const versions = useQuery(versionsQuery(ws, draft));
  const deployments = useQuery({
    ...deploymentsQuery(ws, { draft_id: draft, limit: 200 }),
    refetchInterval: false,
  });
  const error = versions.error ?? deployments.error;
  return (
    <Dialog onClose={onClose} title={`Deploy ${content.name}`} size="lg">
      {error ? (
        <DialogBody>
          <ErrorState error={error} />
        </DialogBody>
      ) : !versions.data || !deployments.data ? (
        <DialogBody>
          <Loading rows={5} />
        </DialogBody>
      ) : (
        <Form
          ws={ws}
          draft={draft}
          content={content}
          versions={versions.data.items}
          deployments={deployments.data.items}
          asked={version}
          flush={flush}
          onClose={onClose}
        />
      )}
    </Dialog>
  );
}

const NEW = "new";
/** In place of a cluster's name. */
const THIS_MACHINE = "";

function Form({
  ws,
  draft,
  content,
  versions,
  deployments,
  asked,
  flush,
  onClose,
}: {
  ws: string;
  draft: string;
  content: DraftContent;
  versions: VersionSummary[];
  deployments: Deployment[];
  asked: number | undefined;
  flush: () => Promise<unknown>;
  onClose: () => void;
}) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [newest] = versions;
  const newestText = useQuery({
    ...versionQuery(ws, draft, newest?.number ?? 0),
    enabled: newest !== undefined,
  });
  const isAhead = !newest || (newestText.data !== undefined && !says(newestText.data, content));
  const [chosen, setChosen] = useState<number | "draft" | undefined>(asked);
  const version = chosen ?? (isAhead ? "draft" : newest?.number);
  const [comment, setComment] = useState("");
  const [target, setTarget] = useState(deployments[0]?.id ?? NEW);
  const [name, setName] = useState(content.name);
  const [cluster, setCluster] = useState(THIS_MACHINE);
  const clusters = useQuery(usableClustersQuery(ws));
  const [isEstimated, setEstimated] = useState(true);
  const [parallelism, setParallelism] = useState(1);
  const [isStarted, setStarted] = useState(true);

  const estimate = useQuery({
    ...estimateQuery(ws, draft, typeof version === "number" ? version : 0),
    enabled: typeof version === "number",
  });
  const keep = useKeepVersion(ws, draft, flush);
  const upgraded = deployments.find(({ id }) => id === target);
  const choice = useStateWish({
    ws,
    deployment: upgraded ?? null,
    draft,
    version: typeof version === "number" ? version : null,
  });
  const deploy = useMutation({
    mutationFn: (number: number) => {
      // Without an estimate the server takes what the version ran with before.
      const degree = isEstimated ? (estimate.data?.parallelism ?? null) : parallelism;
      return upgraded
        ? changeDeployment(ws, upgraded, {
            version: number,
            parallelism: degree,
            ...choice.wish,
            ...(isStarted && { desired: "running" as const }),
          })
        : createDeployment(ws, {
            name: name.trim(),
            draft_id: draft,
            version: number,
            cluster: cluster === THIS_MACHINE ? null : cluster,
            parallelism: degree,
            ...choice.wish,
            desired: isStarted ? "running" : "stopped",
          });
    },
    onSuccess: ({ id, name: deployed }) => {
      queryClient.invalidateQueries({ queryKey: deploymentsKey(ws) });
      done(`${deployed} is deployed`);
      navigate({ to: "/w/$ws/deployments/$id", params: { ws, id } });
    },
    // Whoever changed it meanwhile: the next try starts from what it is now.
    onError: () => queryClient.invalidateQueries({ queryKey: deploymentsKey(ws) }),
  });

  if (newest && newestText.isPending && chosen === undefined)
    return (
      <DialogBody>
        <Loading rows={5} />
      </DialogBody>
    );
  const isFirst = deployments.length === 0;
  const now = Date.now();
  return (
    <DialogBody
      buttons={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="filled"
            loading={deploy.isPending}
            disabled={
              typeof version !== "number" ||
              !choice.isReady ||
              // Where it runs is for good: nobody deploys before all there is to choose from is there.
              (target === NEW && (name.trim() === "" || clusters.isPending)) ||
              (isEstimated && estimate.isPending)
            }
            onClick={() => typeof version === "number" && deploy.mutate(version)}
          >
            {upgraded ? `Upgrade ${upgraded.name}` : "Deploy"}
          </Button>
        </>
      }
    >
      <Stack gap="md">
        <NativeSelect
          label="Version"
          value={version === "draft" ? "draft" : String(version)}
          onChange={({ currentTarget: { value } }) => setChosen(value === "draft" ? "draft" : Number(value))}
          data={[
            ...(isAhead || version === "draft" ? [{ value: "draft", label: "The draft as it is now" }] : []),
            ...versions.map(({ number, comment: said, created_at }) => ({
              value: String(number),
              label: `${number} · ${said || "no comment"} · ${ago(created_at, now)}`,
            })),
          ]}
          data-autofocus
        />
        {version === "draft" ? (
          <div className={classes.keep}>
            <TextInput
              label="What changed"
              description="The draft is kept as a version first; versions never change."
              value={comment}
              onChange={(event) => setComment(event.currentTarget.value)}
            />
            <Refusal error={keep.error} />
            <Button
              mt={8}
              variant="filled"
              loading={keep.isPending}
              onClick={() => keep.mutate(comment.trim(), { onSuccess: (kept) => setChosen(kept.number) })}
            >
              Keep it and estimate
            </Button>
          </div>
        ) : (
          version !== undefined && <EstimateView estimate={estimate} />
        )}
        {!isFirst && (
          <Radio.Group label="Where" value={target} onChange={setTarget}>
            <Stack gap={5} mt={5}>
              {deployments.map(({ id, name: existing, version: current, cluster: on, phase }) => (
                <Radio
                  key={id}
                  size="xs"
                  value={id}
                  label={`${existing}: replace version ${current}${on ? ` on ${on}` : ""} (${words(phase)})`}
                />
              ))}
              <Radio size="xs" value={NEW} label="A new deployment" />
            </Stack>
          </Radio.Group>
        )}
        {target === NEW && (
          <TextInput
            label="Name of the deployment"
            value={name}
            required
            withAsterisk={false}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
        {target === NEW && clusters.isLoadingError && (
          <ErrorState error={clusters.error} retry={clusters.refetch} />
        )}
        {target === NEW && clusters.data && clusters.data.items.length > 0 && (
          <NativeSelect
            label="Runs on"
            description="For good: a deployment does not move."
            value={cluster}
            onChange={({ currentTarget: { value } }) => setCluster(value)}
            data={[
              { value: THIS_MACHINE, label: "This machine" },
              ...clusters.data.items.map((each) => ({ value: each.name, label: clusterLabel(each) })),
            ]}
          />
        )}
        <div className={classes.degree}>
          <Checkbox
            label="Parallelism as estimated"
            checked={isEstimated}
            onChange={(event) => setEstimated(event.currentTarget.checked)}
          />
          {!isEstimated && (
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
        </div>
        <StateChoice choice={choice} />
        <Checkbox
          label={upgraded ? "Have it run" : "Start it now"}
          checked={isStarted}
          onChange={(event) => setStarted(event.currentTarget.checked)}
        />
        <Refusal error={deploy.error} />
      </Stack>
    </DialogBody>
  );
}

function EstimateView({ estimate }: { estimate: UseQueryResult<Estimate> }) {
  return (
    <section className={classes.estimate} aria-label="What it needs, estimated">
      {estimate.isPending ? (
        <Loading rows={2} label="Estimating" />
      ) : estimate.isLoadingError ? (
        <ErrorState error={estimate.error} retry={estimate.refetch} />
      ) : (
        <>
          <dl>
            <div>
              <dt>Parallelism</dt>
              <dd>{estimate.data.parallelism}</dd>
            </div>
            <div>
              <dt>Memory</dt>
              <dd>{bytes(estimate.data.memory_bytes)}</dd>
            </div>
          </dl>
          <ul>
            {estimate.data.reasons.map((reason) => (
              <li key={reason}>{reason}</li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function says(version: { sql: string; settings: Record<string, string> }, content: DraftContent): boolean {
  const sorted = (settings: Record<string, string>) => JSON.stringify(Object.entries(settings).sort());
  return version.sql === content.sql && sorted(version.settings) === sorted(content.settings);
}

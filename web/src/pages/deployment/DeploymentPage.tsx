/** A deployment: what it should do, what it does, and why not. */

import { ActionIcon, Button, Menu, Tabs } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { ApiError } from "../../api/client";
import {
  changeDeployment,
  deleteDeployment,
  deploymentKey,
  deploymentQuery,
  deploymentsKey,
  runsQuery,
  takeDeployment,
} from "../../api/deployments";
import { savepointsKey } from "../../api/savepoints";
import type { Deployment, Desired } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { Failure } from "../../components/Failure";
import {
  DeployIcon,
  MoreIcon,
  PauseIcon,
  PlayIcon,
  RefreshIcon,
  StopIcon,
  TrashIcon,
  WarningIcon,
} from "../../components/icons";
import { done, notDone } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { OVER, Phase } from "../../components/Phase";
import { ErrorState, Loading } from "../../components/States";
import { Ago, Lasting } from "../../components/Time";
import { useRole } from "../../components/useRole";
import { bytes, count, duration, rate, words } from "../../lib/format";
import { droppedRows, keptLateRows } from "../../lib/rowLosses";
import { CheckpointsTab } from "./CheckpointsTab";
import classes from "./DeploymentPage.module.css";
import { LogsTab } from "./LogsTab";
import { Overview } from "./Overview";
import { RunsTab } from "./RunsTab";
import { SqlTab } from "./SqlTab";
import { StopDialog } from "./StopDialog";
import { UpgradeDialog } from "./UpgradeDialog";
import { earlierPoint, type LiveDeployment, lagMs, perSecond, useLive } from "./useLive";
import { isUnderWay, WithoutState } from "./WithoutState";

const route = getRouteApi("/w/$ws/deployments/$id");

export function DeploymentPage() {
  const { ws, id } = route.useParams();
  const deployment = useQuery(deploymentQuery(ws, id));
  const isGone = deployment.error instanceof ApiError && deployment.error.status === 404;
  if (!deployment.data || isGone) {
    return (
      <>
        <PageHeader title="Deployment" />
        {deployment.error ? (
          <ErrorState error={deployment.error} retry={deployment.refetch} />
        ) : (
          <Loading rows={12} />
        )}
      </>
    );
  }
  return <Page key={id} deployment={deployment.data} />;
}

function Page({ deployment }: { deployment: Deployment }) {
  const { ws, id } = route.useParams();
  const { tab = "overview" } = route.useSearch();
  const navigate = route.useNavigate();
  const live = useLive(ws, id);
  const goTo = (line: number, column: number) =>
    navigate({ search: (search) => ({ ...search, tab: "sql", line, column }) });
  const isFailing = deployment.last_error !== null && deployment.phase !== "running";
  return (
    <div className={classes.page} data-fixed={tab === "logs" || tab === "sql" || undefined}>
      <PageHeader
        title={deployment.name}
        above={
          <Link className="link" to="/w/$ws/deployments" params={{ ws }}>
            Deployments
          </Link>
        }
        beside={
          <>
            <Phase phase={deployment.phase} size="md" />
            <span className={`dimmed ${classes.version}`}>
              version{" "}
              <Link
                className="link"
                to="/w/$ws/jobs/$draft"
                params={{ ws, draft: deployment.draft_id }}
                search={{ tab: "versions", version: deployment.version }}
              >
                {deployment.version}
              </Link>
              {deployment.cluster && (
                <>
                  {" on "}
                  <b>{deployment.cluster}</b>
                </>
              )}
              {deployment.observed_generation < deployment.generation && ", change under way"}
            </span>
          </>
        }
        actions={<Actions deployment={deployment} />}
      />
      {deployment.conditions.map(({ kind, since, message }) => (
        <div key={kind} className={classes.condition} role="status">
          <WarningIcon />
          <b>{words(kind)}</b>
          <span>{message}</span>
          <span className={classes.since}>
            <Ago time={since} />
          </span>
        </div>
      ))}
      <Facts deployment={deployment} live={live} />
      <Tabs
        className={classes.tabs ?? ""}
        value={tab}
        onChange={(next) =>
          navigate({
            search: (search) => ({
              ...search,
              line: undefined,
              column: undefined,
              tab: next === "overview" ? undefined : (next as "logs" | "runs" | "checkpoints" | "sql"),
            }),
          })
        }
      >
        <Tabs.List>
          <Tabs.Tab value="overview">Overview</Tabs.Tab>
          <Tabs.Tab value="logs">Logs</Tabs.Tab>
          <Tabs.Tab value="runs">Runs and exceptions</Tabs.Tab>
          <Tabs.Tab value="checkpoints">Checkpoints</Tabs.Tab>
          <Tabs.Tab value="sql">SQL</Tabs.Tab>
        </Tabs.List>
        {(["overview", "logs", "runs", "checkpoints", "sql"] as const).map((name) => (
          <Tabs.Panel key={name} value={name} className={classes.panel}>
            {isFailing && deployment.last_error && name === "overview" && (
              <Failure
                failure={deployment.last_error}
                title={deployment.phase === "failed" ? "Why it failed" : "The last error"}
                onGoTo={goTo}
                action={
                  deployment.phase === "failed" &&
                  deployment.last_error.cause === "state" && <WithoutStateButton deployment={deployment} />
                }
              />
            )}
            {name === "overview" && <Overview deployment={deployment} live={live} />}
            {name === "logs" && <LogsTab />}
            {name === "runs" && <RunsTab version={deployment.version} onGoTo={goTo} />}
            {name === "checkpoints" && <CheckpointsTab deployment={deployment} metrics={live.latest} />}
            {name === "sql" && <SqlTab deployment={deployment} />}
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  );
}

function Facts({ deployment, live }: { deployment: Deployment; live: LiveDeployment }) {
  const { ws, id } = route.useParams();
  const runs = useQuery(runsQuery(ws, id));
  const run = runs.data?.items[0];
  const { latest, points, isConnected } = live;
  const before = earlierPoint(points);
  const isAlive = deployment.phase === "running";
  const outPerSecond =
    latest && before
      ? perSecond(latest.rows_out, before.metrics.rows_out, (Date.parse(latest.at) - before.time) / 1000)
      : null;
  const lag = latest && isAlive ? lagMs(latest) : null;
  const last = latest?.checkpoints.last;
  const dropped = latest && droppedRows(latest);
  const kept = latest && keptLateRows(latest);
  return (
    <div className={classes.factsLine}>
      <dl className={classes.facts}>
        <Rows name="Rows in" total={latest?.rows_in} now={isAlive ? latest?.rows_in_per_second : null} />
        <Rows name="Rows out" total={latest?.rows_out} now={isAlive ? outPerSecond : null} />
        <Fact name="Watermark behind">{lag === null ? "–" : duration(lag)}</Fact>
        <Fact name="Rows dropped" beside={dropped?.reasons} isBad={dropped !== null && dropped.total > 0}>
          {dropped ? count(dropped.total) : "–"}
        </Fact>
        {kept !== null && kept.total > 0 && (
          <Fact name="Rows kept" beside={kept.reasons}>
            {count(kept.total)}
          </Fact>
        )}
        {latest !== null && latest.timed_out_lookups > 0 && (
          <Fact name="Lookups timed out">{count(latest.timed_out_lookups)}</Fact>
        )}
        <Fact name="Memory" beside={run && `of ${bytes(run.memory_bytes_max)}`}>
          {isAlive && latest ? bytes(latest.memory_bytes) : "–"}
        </Fact>
        <Fact name="Last checkpoint" beside={last && bytes(last.bytes)}>
          {last ? <Ago time={last.at} /> : "–"}
        </Fact>
        <Fact name="Parallelism">{run?.parallelism ?? deployment.parallelism ?? "–"}</Fact>
        <Fact name={run?.ended_at ? "Last run" : "Running for"} beside={run && `attempt ${run.attempt}`}>
          {run ? <Lasting from={run.started_at} to={run.ended_at} /> : "–"}
        </Fact>
      </dl>
      <span className={classes.stream} data-on={isConnected || undefined} role="status">
        {isConnected ? "live" : "not live"}
      </span>
    </div>
  );
}

/** How fast they come, and how many came; of a job that does not run only the latter. */
function Rows({
  name,
  total,
  now,
}: {
  name: string;
  total: number | undefined;
  now: number | null | undefined;
}) {
  if (total === undefined) return <Fact name={name}>–</Fact>;
  if (now == null) return <Fact name={name}>{count(total)}</Fact>;
  return (
    <Fact name={name} beside={count(total)}>
      {rate(now)}
    </Fact>
  );
}

function Fact({
  name,
  beside,
  isBad = false,
  children,
}: {
  name: string;
  beside?: ReactNode;
  isBad?: boolean;
  children: ReactNode;
}) {
  return (
    <div data-bad={isBad || undefined}>
      <dt>{name}</dt>
      <dd>
        {children} {beside && <small>{beside}</small>}
      </dd>
    </div>
  );
}

/** Where a run has failed for want of a state that fits. */
function WithoutStateButton({ deployment }: { deployment: Deployment }) {
  const { ws } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const [isAsked, setAsked] = useState(false);
  return (
    <>
      <Button
        disabled={!isAtLeast("operator")}
        leftSection={<PlayIcon size={13} />}
        onClick={() => setAsked(true)}
      >
        Start without state…
      </Button>
      {isAsked && <WithoutState ws={ws} deployment={deployment} onClose={() => setAsked(false)} />}
    </>
  );
}

function Actions({ deployment }: { deployment: Deployment }) {
  const { ws, id } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"upgrade" | "stop" | "without state" | "delete" | null>(null);
  const mayOperate = isAtLeast("operator");
  const settle = (changed: Deployment) => {
    takeDeployment(queryClient, ws, changed);
    queryClient.invalidateQueries({ queryKey: deploymentsKey(ws) });
  };
  const refresh = () => queryClient.invalidateQueries({ queryKey: deploymentKey(ws, id), exact: true });
  const change = useMutation({
    mutationFn: (desired: Desired) => changeDeployment(ws, deployment, { desired }),
    onSuccess: (changed) => {
      settle(changed);
      done(`${deployment.name} should be ${changed.desired} now`);
    },
    onError: (error) => {
      notDone("Could not change the deployment", error);
      refresh();
    },
  });
  const { desired, phase } = deployment;
  const isOver = OVER.includes(phase);
  return (
    <>
      {(desired !== "running" || isOver) && (
        <Button
          variant="filled"
          disabled={!mayOperate}
          loading={change.isPending}
          leftSection={isOver && desired === "running" ? <RefreshIcon size={13} /> : <PlayIcon size={13} />}
          onClick={() => change.mutate("running")}
        >
          {isOver && desired === "running" ? "Start again" : "Start"}
        </Button>
      )}
      {desired === "running" && !isOver && (
        <Button
          disabled={!mayOperate}
          loading={change.isPending}
          leftSection={<PauseIcon size={13} />}
          onClick={() => change.mutate("suspended")}
        >
          Suspend
        </Button>
      )}
      {desired !== "stopped" && (
        <Button disabled={!mayOperate} leftSection={<StopIcon size={13} />} onClick={() => setDialog("stop")}>
          Stop
        </Button>
      )}
      <Button
        disabled={!mayOperate}
        leftSection={<DeployIcon size={14} />}
        onClick={() => setDialog("upgrade")}
      >
        Upgrade
      </Button>
      <Menu>
        <Menu.Target>
          <ActionIcon aria-label="More about this deployment">
            <MoreIcon />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {/* What has finished begins anew by itself. */}
          {phase !== "finished" && (
            <Menu.Item
              disabled={!mayOperate}
              leftSection={isUnderWay(deployment) ? <RefreshIcon size={14} /> : <PlayIcon size={14} />}
              onClick={() => setDialog("without state")}
            >
              {isUnderWay(deployment) ? "Restart" : "Start"} without state…
            </Menu.Item>
          )}
          <Menu.Item
            color="var(--o-bad)"
            disabled={!mayOperate}
            leftSection={<TrashIcon size={14} />}
            onClick={() => setDialog("delete")}
          >
            Delete the deployment
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog === "upgrade" && (
        <UpgradeDialog ws={ws} deployment={deployment} onClose={() => setDialog(null)} />
      )}
      {dialog === "stop" && (
        <StopDialog
          deployment={deployment}
          onClose={() => setDialog(null)}
          onStop={async (savepoint) => {
            const change = { desired: "stopped" as const, ...(savepoint && { savepoint }) };
            settle(await changeDeployment(ws, deployment, change).finally(refresh));
            if (savepoint) queryClient.invalidateQueries({ queryKey: savepointsKey(ws) });
          }}
        />
      )}
      {dialog === "without state" && (
        <WithoutState ws={ws} deployment={deployment} onClose={() => setDialog(null)} />
      )}
      {dialog === "delete" && (
        <Confirm
          title={`Delete ${deployment.name}?`}
          action="Delete it"
          onClose={() => setDialog(null)}
          onConfirm={async () => {
            await deleteDeployment(ws, deployment);
            queryClient.invalidateQueries({ queryKey: deploymentsKey(ws) });
            done(`${deployment.name} is deleted`);
            navigate({ to: "/w/$ws/deployments", params: { ws } });
          }}
        >
          Its runs, their logs and its checkpoints are lost; the job, its versions and its savepoints stay.
          Only a deployment that does not run can be deleted.
        </Confirm>
      )}
    </>
  );
}

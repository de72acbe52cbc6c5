/** What the next run can go on from, and how it is with the checkpoints of this one. */

import { Code } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { checkpointsQuery, runsQuery } from "../../api/deployments";
import type { Checkpoint, Deployment, Metrics, Run } from "../../api/types";
import { WarningIcon } from "../../components/icons";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import { lastCheckpoint, tookMs } from "../../lib/checkpoints";
import { bytes, count, duration } from "../../lib/format";
import classes from "./CheckpointsTab.module.css";
import { SavepointsPanel } from "./SavepointsPanel";

const route = getRouteApi("/w/$ws/deployments/$id");

export function CheckpointsTab({ deployment, metrics }: { deployment: Deployment; metrics: Metrics | null }) {
  const { ws, id } = route.useParams();
  const checkpoints = useQuery(checkpointsQuery(ws, id));
  const runs = useQuery(runsQuery(ws, id));
  const { refetch } = checkpoints;
  const newest = metrics?.checkpoints.last?.number;
  // A run tells of each one at once: the list need not lag behind.
  useEffect(() => {
    if (newest !== undefined) refetch();
  }, [newest, refetch]);

  if (checkpoints.isPending) return <Loading rows={6} />;
  if (checkpoints.isLoadingError) {
    return <ErrorState error={checkpoints.error} retry={checkpoints.refetch} />;
  }
  const retained = checkpoints.data.items;
  const run = runs.data?.items[0];
  return (
    <>
      {(metrics || retained.length > 0) && <Summary metrics={metrics} retained={retained} run={run} />}
      <section className="panel" aria-labelledby="retained">
        <div className="panel-head">
          <h2 id="retained">Retained</h2>
          <span className="count">{retained.length > 0 && retained.length}</span>
          <span className="end dimmed">A run goes on from the newest that is not damaged.</span>
        </div>
        {retained.length === 0 ? (
          <Empty title="No checkpoint yet">
            While a job runs, one is taken every 10 s, unless <Code>execution.checkpointing.interval</Code>{" "}
            says otherwise; <Code>0 s</Code> turns them off. A last one is taken in any case when the job is
            stopped or has read all its input.
          </Empty>
        ) : (
          <Retained checkpoints={retained} runs={runs.data?.items ?? []} />
        )}
      </section>
      <SavepointsPanel deployment={deployment} />
    </>
  );
}

function Summary({
  metrics,
  retained,
  run,
}: {
  metrics: Metrics | null;
  retained: Checkpoint[];
  run: Run | undefined;
}) {
  const told = metrics?.checkpoints;
  const last = lastCheckpoint(told, retained);
  return (
    <section className="panel" aria-label="Checkpoints in short">
      <dl className={classes.summary}>
        <Fact name="Last checkpoint">
          {last ? (
            <>
              <Ago time={last.at} /> <small>number {last.number}</small>
            </>
          ) : (
            "none"
          )}
        </Fact>
        <Fact name="Took">{last ? duration(last.duration_ms) : "–"}</Fact>
        <Fact name="Size">{last ? bytes(last.bytes) : "–"}</Fact>
        {told && (
          <>
            <Fact name={run?.ended_at ? "In the last run" : "In this run"}>
              {count(told.completed)} completed,{" "}
              <span data-bad={told.failed > 0 || undefined}>{count(told.failed)} failed</span>
            </Fact>
            <Fact name={run?.ended_at ? "The last run" : "This run"}>
              {told.restored !== null
                ? `Went on from checkpoint ${told.restored}`
                : told.restored_savepoint !== null
                  ? "Began from a savepoint"
                  : "Began anew"}
            </Fact>
          </>
        )}
      </dl>
    </section>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Retained({ checkpoints, runs }: { checkpoints: Checkpoint[]; runs: Run[] }) {
  return (
    <div className={classes.table}>
      <table className="plain" aria-labelledby="retained">
        <thead>
          <tr>
            <th className="number">Number</th>
            <th>Taken</th>
            <th className="number">Took</th>
            <th className="number">Size</th>
            <th className="number">Parallelism</th>
            <th>Run</th>
            <th>Note</th>
          </tr>
        </thead>
        <tbody>
          {checkpoints.map(({ number, bytes: size, origin }) => (
            <tr key={number}>
              <td className="number">{number}</td>
              <td>{origin ? <Ago time={origin.taken_at} /> : "–"}</td>
              <td className="number">{origin ? duration(tookMs(origin)) : "–"}</td>
              <td className="number">{bytes(size)}</td>
              <td className="number">{origin?.parallelism ?? "–"}</td>
              <td>{origin ? <RunLink id={origin.run_id} runs={runs} /> : "–"}</td>
              <td>
                {!origin ? (
                  <span className={classes.note} data-bad>
                    <WarningIcon size={13} />
                    damaged: no run can go on from it
                  </span>
                ) : (
                  origin.is_last && "at the end of its run"
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** To the log of the run that took it, which may be among those that are not listed any more. */
function RunLink({ id: run, runs }: { id: string; runs: Run[] }) {
  const { ws, id } = route.useParams();
  const attempt = runs.find((each) => each.id === run)?.attempt;
  return (
    <Link
      className="link"
      to="/w/$ws/deployments/$id"
      params={{ ws, id }}
      search={{ tab: "logs", run }}
      title={run}
    >
      {attempt === undefined ? "an earlier attempt" : `attempt ${attempt}`}
    </Link>
  );
}

/** Every attempt to run it, and what each one that failed died of. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { runsQuery } from "../../api/deployments";
import { Failure } from "../../components/Failure";
import { Phase } from "../../components/Phase";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago, Lasting } from "../../components/Time";
import { bytes } from "../../lib/format";
import classes from "./RunsTab.module.css";

const route = getRouteApi("/w/$ws/deployments/$id");

export function RunsTab({
  version,
  onGoTo,
}: {
  /** Of the text that can be shown. */
  version: number;
  onGoTo: (line: number, column: number) => void;
}) {
  const { ws, id } = route.useParams();
  const runs = useQuery(runsQuery(ws, id));
  if (runs.isPending) return <Loading rows={6} />;
  if (runs.isLoadingError) return <ErrorState error={runs.error} retry={runs.refetch} />;
  if (runs.data.items.length === 0) {
    return (
      <div className="panel">
        <Empty title="It has not run yet">
          Each start is an attempt; a failed one is followed by the next.
        </Empty>
      </div>
    );
  }
  const failed = runs.data.items.filter(({ failure }) => failure);
  return (
    <>
      <section className={`panel ${classes.table}`} aria-label="Attempts">
        <table className="plain">
          <thead>
            <tr>
              <th className="number">Attempt</th>
              <th>Phase</th>
              <th className="number">Version</th>
              <th className="number">Parallelism</th>
              <th className="number">Memory at most</th>
              <th>Started</th>
              <th>Lasted</th>
              <th className="number">Process</th>
              <th>
                <span className="spoken">Logs</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {runs.data.items.map((run) => (
              <tr key={run.id}>
                <td className="number">{run.attempt}</td>
                <td>
                  <Phase phase={run.phase} />
                </td>
                <td className="number">{run.version}</td>
                <td className="number">{run.parallelism}</td>
                <td className="number">{bytes(run.memory_bytes_max)}</td>
                <td className="dimmed">
                  <Ago time={run.started_at} />
                </td>
                <td>
                  <Lasting from={run.started_at} to={run.ended_at} />
                </td>
                <td className="number mono">{run.pid ?? "–"}</td>
                <td className="actions">
                  <Link
                    className="link"
                    to="/w/$ws/deployments/$id"
                    params={{ ws, id }}
                    search={{ tab: "logs", run: run.id }}
                    aria-label={`Log of attempt ${run.attempt}`}
                  >
                    Log
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <section aria-labelledby="exceptions">
        <h2 id="exceptions" className={classes.title}>
          Exceptions
        </h2>
        {failed.length === 0 ? (
          <div className="panel">
            <Empty compact title="No attempt has failed" />
          </div>
        ) : (
          <div className={classes.failures}>
            {failed.map(
              ({ id: run, attempt, failure, ended_at, version: ran }) =>
                failure && (
                  <div key={run} className={classes.failure}>
                    <Failure
                      failure={failure}
                      title={`Attempt ${attempt}`}
                      {...(ran === version && { onGoTo })}
                    />
                    <span className="dimmed">
                      <Ago time={ended_at} />
                    </span>
                  </div>
                ),
            )}
          </div>
        )}
      </section>
    </>
  );
}

/** What needs a person, what runs, and what was worked on last. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { deploymentsQuery } from "../../api/deployments";
import { draftsQuery } from "../../api/drafts";
import type { Deployment } from "../../api/types";
import { failureMessage } from "../../components/Failure";
import { CheckIcon } from "../../components/icons";
import { LinkButton } from "../../components/Links";
import { NewJob } from "../../components/NewJob";
import { PageHeader } from "../../components/PageHeader";
import { MOVING, Phase } from "../../components/Phase";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import { useRole } from "../../components/useRole";
import { words } from "../../lib/format";
import classes from "./HomePage.module.css";

const route = getRouteApi("/w/$ws/");
const DEPLOYMENTS_MAX = 200;
const SHOWN_MAX = 12;

export function HomePage() {
  const { ws } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const deployments = useQuery(deploymentsQuery(ws, { limit: DEPLOYMENTS_MAX }));
  const drafts = useQuery(draftsQuery(ws, { limit: 8 }));
  const all = deployments.data?.items ?? [];
  const needy = all.filter(needsSomeone);
  const running = all.filter(({ phase }) => phase === "running" || MOVING.includes(phase));
  const isNew = drafts.data?.items.length === 0 && deployments.data?.items.length === 0;

  return (
    <>
      <PageHeader title="Home" actions={isAtLeast("developer") && !isNew && <NewJob ws={ws} />} />
      <div className={classes.page}>
        {isNew ? (
          <div className="panel">
            <Empty title="Nothing here yet" action={isAtLeast("developer") && <NewJob ws={ws} />}>
              A job is a text of Flink SQL. Write it, run it on live rows right in the editor, then deploy it.
            </Empty>
          </div>
        ) : (
          <>
            <Tallies deployments={deployments.data?.items} isComplete={!deployments.data?.next_cursor} />
            <section className="panel" aria-labelledby="needs">
              <div className="panel-head">
                <h2 id="needs">Needs you</h2>
                <span className="count">{needy.length > 0 && needy.length}</span>
              </div>
              {deployments.isPending ? (
                <Loading rows={2} />
              ) : deployments.error ? (
                <p className={classes.calm}>What runs cannot be told just now.</p>
              ) : needy.length === 0 ? (
                <p className={classes.calm}>
                  <CheckIcon /> Calm sea: nothing has failed and nothing waits.
                </p>
              ) : (
                <ul className={classes.needs}>
                  {needy.slice(0, SHOWN_MAX).map((deployment) => (
                    <Need key={deployment.id} ws={ws} deployment={deployment} />
                  ))}
                </ul>
              )}
            </section>
            <div className={classes.columns}>
              <section className="panel" aria-labelledby="running">
                <div className="panel-head">
                  <h2 id="running">Running</h2>
                  <span className="count">{running.length > 0 && running.length}</span>
                  <span className="end">
                    <Link className="link" to="/w/$ws/deployments" params={{ ws }}>
                      All deployments
                    </Link>
                  </span>
                </div>
                {deployments.isPending ? (
                  <Loading rows={5} />
                ) : deployments.error ? (
                  <ErrorState error={deployments.error} retry={deployments.refetch} />
                ) : running.length === 0 ? (
                  <Empty compact title="Nothing runs">
                    Open a job and deploy it.
                  </Empty>
                ) : (
                  <table className="plain">
                    <thead>
                      <tr>
                        <th>Deployment</th>
                        <th>Phase</th>
                        <th className="number">Version</th>
                        <th>Changed</th>
                      </tr>
                    </thead>
                    <tbody>
                      {running.slice(0, SHOWN_MAX).map(({ id, name, phase, version, updated_at }) => (
                        <tr key={id}>
                          <td>
                            <Link className="link" to="/w/$ws/deployments/$id" params={{ ws, id }}>
                              {name}
                            </Link>
                          </td>
                          <td>
                            <Phase phase={phase} />
                          </td>
                          <td className="number">{version}</td>
                          <td className="dimmed">
                            <Ago time={updated_at} />
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                )}
              </section>
              <section className="panel" aria-labelledby="recent">
                <div className="panel-head">
                  <h2 id="recent">Worked on last</h2>
                  <span className="end">
                    <Link className="link" to="/w/$ws/jobs" params={{ ws }}>
                      All jobs
                    </Link>
                  </span>
                </div>
                {drafts.isPending ? (
                  <Loading rows={5} />
                ) : drafts.error ? (
                  <ErrorState error={drafts.error} retry={drafts.refetch} />
                ) : drafts.data.items.length === 0 ? (
                  <Empty compact title="No jobs" />
                ) : (
                  <table className="plain">
                    <thead>
                      <tr>
                        <th>Job</th>
                        <th>By</th>
                        <th>Changed</th>
                      </tr>
                    </thead>
                    <tbody>
                      {drafts.data.items.map(({ id, name, updated_by, updated_at }) => (
                        <tr key={id}>
                          <td>
                            <Link className="link" to="/w/$ws/jobs/$draft" params={{ ws, draft: id }}>
                              {name}
                            </Link>
                          </td>
                          <td>{updated_by}</td>
                          <td className="dimmed">
                            <Ago time={updated_at} />
                          </td>
                        </tr>
                      ))}
                    </tbody>
                  </table>
                )}
              </section>
            </div>
          </>
        )}
      </div>
    </>
  );
}

function needsSomeone({ phase, conditions, desired }: Deployment): boolean {
  return (
    (phase === "failed" && desired !== "stopped") || phase === "awaiting_approval" || conditions.length > 0
  );
}

function Need({ ws, deployment }: { ws: string; deployment: Deployment }) {
  const { id, name, phase, conditions, last_error } = deployment;
  const [condition] = conditions;
  const reason =
    phase === "failed" && last_error
      ? failureMessage(last_error)
      : condition
        ? `${words(condition.kind)}: ${condition.message}`
        : phase === "awaiting_approval"
          ? "a person must approve it"
          : "";
  return (
    <li>
      <span className={classes.needPhase}>
        <Phase phase={phase} />
      </span>
      <Link className="link" to="/w/$ws/deployments/$id" params={{ ws, id }}>
        {name}
      </Link>
      <span className={`${classes.reason} truncate`} title={reason}>
        {reason}
      </span>
      <span className="dimmed">
        <Ago time={condition?.since ?? deployment.updated_at} />
      </span>
      <LinkButton
        to="/w/$ws/deployments/$id"
        params={{ ws, id }}
        search={{ tab: "logs" }}
        aria-label={`Logs of ${name}`}
        size="compact-xs"
      >
        Logs
      </LinkButton>
    </li>
  );
}

function Tallies({
  deployments,
  isComplete,
}: {
  deployments: Deployment[] | undefined;
  isComplete: boolean;
}) {
  const tally = (phases: string[]) =>
    (deployments ?? []).filter(({ phase }) => phases.includes(phase)).length;
  const more = isComplete ? "" : "+";
  const entries: [string, number, string][] = [
    ["running", tally(["running"]), "alive"],
    ["on the move", tally(MOVING), "still"],
    ["suspended", tally(["suspended"]), "still"],
    ["failed", tally(["failed"]), "bad"],
  ];
  return (
    <dl className={classes.tallies}>
      {entries.map(([word, value, tone]) => (
        <div key={word} data-tone={value > 0 ? tone : "still"}>
          <dd>
            {deployments ? value : "–"}
            {more}
          </dd>
          <dt>{word}</dt>
        </div>
      ))}
    </dl>
  );
}

/** What needs a person, what runs, and what was worked on last. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { deploymentsQuery } from "../../api/deployments";
import { draftsQuery } from "../../api/drafts";
import type { Deployment, DraftSummary, Phase as PhaseName } from "../../api/types";
import { workspaceQuery } from "../../api/workspace";
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
import { Running } from "./Running";

const route = getRouteApi("/w/$ws/");
const SHOWN_MAX = 12;
const ALIVE: PhaseName[] = ["running", ...MOVING];
/** Phases that stay as they are until someone does something. */
const WAITING: PhaseName[] = ["failed", "awaiting_approval"];

export function HomePage() {
  const { ws } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const workspace = useQuery(workspaceQuery(ws));
  const waiting = useQuery(deploymentsQuery(ws, { phase: WAITING.join(), limit: 50 }));
  const alive = useQuery(deploymentsQuery(ws, { phase: ALIVE.join(), limit: 200 }));
  const drafts = useQuery(draftsQuery(ws, { limit: 8 }));
  const needy = [
    ...(waiting.data?.items ?? []).filter(({ desired }) => desired !== "stopped"),
    ...(alive.data?.items ?? []).filter(({ conditions }) => conditions.length > 0),
  ];
  const counts = workspace.data?.counts;
  const isNew = counts?.drafts === 0 && counts.deployments === 0;
  const newJob = isAtLeast("developer") && <NewJob ws={ws} />;

  return (
    <>
      <PageHeader title="Home" actions={!isNew && newJob} />
      <div className={classes.page}>
        {isNew ? (
          <div className="panel">
            <Empty title="Nothing here yet" action={newJob}>
              A job is a text of Flink SQL. Write it, run it on live rows right in the editor, then deploy it.
            </Empty>
          </div>
        ) : (
          <>
            <Tallies phases={workspace.data?.phases} />
            <section className="panel" aria-labelledby="needs">
              <div className="panel-head">
                <h2 id="needs">Needs you</h2>
                <span className="count">{needy.length > 0 && needy.length}</span>
              </div>
              {waiting.isPending || alive.isPending ? (
                <Loading rows={2} />
              ) : waiting.isLoadingError || alive.isLoadingError ? (
                <p className={classes.calm}>What needs you cannot be told just now.</p>
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
                  <span className="count">
                    {alive.data && alive.data.items.length > SHOWN_MAX && `the first ${SHOWN_MAX}`}
                  </span>
                  <span className="end">
                    <Link className="link" to="/w/$ws/deployments" params={{ ws }}>
                      All deployments
                    </Link>
                  </span>
                </div>
                {alive.isPending ? (
                  <Loading rows={5} />
                ) : alive.isLoadingError ? (
                  <ErrorState error={alive.error} retry={alive.refetch} />
                ) : alive.data.items.length === 0 ? (
                  <Empty compact title="Nothing runs">
                    Open a job and deploy it.
                  </Empty>
                ) : (
                  <Running ws={ws} deployments={alive.data.items.slice(0, SHOWN_MAX)} />
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
                ) : drafts.isLoadingError ? (
                  <ErrorState error={drafts.error} retry={drafts.refetch} />
                ) : drafts.data.items.length === 0 ? (
                  <Empty compact title="No jobs" />
                ) : (
                  <Recent ws={ws} drafts={drafts.data.items} />
                )}
              </section>
            </div>
          </>
        )}
      </div>
    </>
  );
}

function Recent({ ws, drafts }: { ws: string; drafts: DraftSummary[] }) {
  return (
    <table className="plain">
      <thead>
        <tr>
          <th>Job</th>
          <th>By</th>
          <th>Changed</th>
        </tr>
      </thead>
      <tbody>
        {drafts.map(({ id, name, updated_by, updated_at }) => (
          <tr key={id}>
            <td className="name">
              <Link className="link" to="/w/$ws/jobs/$draft" params={{ ws, draft: id }} title={name}>
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
      <Link className="link truncate" to="/w/$ws/deployments/$id" params={{ ws, id }} title={name}>
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

function Tallies({ phases }: { phases: Partial<Record<PhaseName, number>> | undefined }) {
  const tally = (names: PhaseName[]) => names.reduce((sum, name) => sum + (phases?.[name] ?? 0), 0);
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
          <dd>{phases ? value : "–"}</dd>
          <dt>{word}</dt>
        </div>
      ))}
    </dl>
  );
}

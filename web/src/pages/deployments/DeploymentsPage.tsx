/** All deployments of the workspace. */

import { Button, NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { deploymentsQuery } from "../../api/deployments";
import type { Deployment } from "../../api/types";
import { failureMessage } from "../../components/Failure";
import { LinkButton } from "../../components/Links";
import { PageHeader } from "../../components/PageHeader";
import { Pager } from "../../components/Pager";
import { MOVING, Phase } from "../../components/Phase";
import { SearchBox } from "../../components/SearchBox";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import { words } from "../../lib/format";
import classes from "./DeploymentsPage.module.css";

const route = getRouteApi("/w/$ws/deployments");

/** Names the server knows, and what people ask for. */
const PHASES = [
  { value: "", label: "All phases" },
  { value: "running", label: "Running" },
  { value: MOVING.join(), label: "On the move" },
  { value: "suspended", label: "Suspended" },
  { value: "failed,awaiting_approval", label: "Failed or waiting" },
  { value: "stopped,finished", label: "Over" },
];

export function DeploymentsPage() {
  const { ws } = route.useParams();
  const { q, phase, cursor } = route.useSearch();
  const navigate = route.useNavigate();
  const deployments = useQuery(deploymentsQuery(ws, { q, phase, cursor }));
  const hasClusters = deployments.data?.items.some(({ cluster }) => cluster);
  return (
    <>
      <PageHeader
        title="Deployments"
        actions={
          <>
            <NativeSelect
              aria-label="Show deployments in"
              value={phase ?? ""}
              onChange={({ currentTarget: { value } }) =>
                navigate({ search: { q, phase: value || undefined }, replace: true })
              }
              data={PHASES}
            />
            <SearchBox
              key={ws}
              label="Search deployments"
              value={q ?? ""}
              onSearch={(text) => navigate({ search: { q: text || undefined, phase }, replace: true })}
            />
          </>
        }
      />
      <div className={classes.page}>
        <div className="panel">
          {deployments.isPending ? (
            <Loading rows={10} />
          ) : deployments.isLoadingError ? (
            <ErrorState error={deployments.error} retry={deployments.refetch} />
          ) : deployments.data.items.length === 0 ? (
            q || phase ? (
              <Empty
                title={q ? `No deployment matches “${q}”` : "No deployment is in this phase"}
                action={<Button onClick={() => navigate({ search: {}, replace: true })}>Show all</Button>}
              />
            ) : (
              <Empty
                title="Nothing is deployed"
                action={
                  <LinkButton to="/w/$ws/jobs" params={{ ws }}>
                    Go to the jobs
                  </LinkButton>
                }
              >
                A deployment runs one version of a job, and keeps it running. Deploy from the job's page.
              </Empty>
            )
          ) : (
            <>
              <table className="plain">
                <thead>
                  <tr>
                    <th>Deployment</th>
                    <th>Phase</th>
                    <th>Wanted</th>
                    <th className="number">Version</th>
                    <th className="number">Parallelism</th>
                    {hasClusters && <th>Cluster</th>}
                    <th>Changed</th>
                    <th>What it says</th>
                  </tr>
                </thead>
                <tbody>
                  {deployments.data.items.map((deployment) => (
                    <tr key={deployment.id}>
                      <td className="name">
                        <Link
                          className="link"
                          to="/w/$ws/deployments/$id"
                          params={{ ws, id: deployment.id }}
                          title={deployment.name}
                        >
                          {deployment.name}
                        </Link>
                      </td>
                      <td>
                        <Phase phase={deployment.phase} />
                      </td>
                      <td className="dimmed">{deployment.desired}</td>
                      <td className="number">{deployment.version}</td>
                      <td className="number">{deployment.parallelism ?? "–"}</td>
                      {hasClusters && <td>{deployment.cluster ?? <span className="dimmed">–</span>}</td>}
                      <td className="dimmed">
                        <Ago time={deployment.updated_at} />
                      </td>
                      <td className={classes.says} title={says(deployment)}>
                        {says(deployment)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <Pager
                shown={deployments.data.items.length}
                cursor={cursor}
                next={deployments.data.next_cursor}
                onGo={(next) => navigate({ search: { q, phase, cursor: next } })}
              />
            </>
          )}
        </div>
      </div>
    </>
  );
}

function says({ phase, last_error, conditions }: Deployment): string {
  if (phase === "failed" && last_error) return failureMessage(last_error);
  const [condition] = conditions;
  return condition ? `${words(condition.kind)}: ${condition.message}` : "";
}

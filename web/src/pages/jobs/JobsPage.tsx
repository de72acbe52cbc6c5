/** All jobs of the workspace, with what runs of each. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { draftsQuery } from "../../api/drafts";
import { NewJob } from "../../components/NewJob";
import { PageHeader } from "../../components/PageHeader";
import { Pager } from "../../components/Pager";
import { Phase } from "../../components/Phase";
import { SearchBox } from "../../components/SearchBox";
import { Empty, ErrorState, Loading } from "../../components/States";
import { Ago } from "../../components/Time";
import { useRole } from "../../components/useRole";
import classes from "./JobsPage.module.css";

const route = getRouteApi("/w/$ws/jobs");

export function JobsPage() {
  const { ws } = route.useParams();
  const { q, cursor } = route.useSearch();
  const navigate = route.useNavigate();
  const { isAtLeast } = useRole(ws);
  const drafts = useQuery(draftsQuery(ws, { q, cursor }));

  return (
    <>
      <PageHeader
        title="Jobs"
        actions={
          <>
            <SearchBox
              key={ws}
              label="Search jobs"
              value={q ?? ""}
              onSearch={(text) =>
                navigate({ search: { q: text || undefined, cursor: undefined }, replace: true })
              }
            />
            {isAtLeast("developer") && <NewJob ws={ws} />}
          </>
        }
      />
      <div className={classes.page}>
        <div className="panel">
          {drafts.isPending ? (
            <Loading rows={10} />
          ) : drafts.isLoadingError ? (
            <ErrorState error={drafts.error} retry={drafts.refetch} />
          ) : drafts.data.items.length === 0 ? (
            q ? (
              <Empty title={`No job matches “${q}”`}>Names are searched, letter by letter.</Empty>
            ) : (
              <Empty title="No jobs yet" action={isAtLeast("developer") && <NewJob ws={ws} />}>
                A job is a text of Flink SQL. It starts as a draft, which saves itself while you write.
              </Empty>
            )
          ) : (
            <>
              <table className="plain" aria-busy={drafts.isPlaceholderData}>
                <thead>
                  <tr>
                    <th>Job</th>
                    <th>Deployments</th>
                    <th>Changed</th>
                    <th>By</th>
                  </tr>
                </thead>
                <tbody>
                  {drafts.data.items.map(({ id, name, updated_at, updated_by, deployments }) => (
                    <tr key={id}>
                      <td className="name">
                        <Link
                          className="link"
                          to="/w/$ws/jobs/$draft"
                          params={{ ws, draft: id }}
                          title={name}
                        >
                          {name}
                        </Link>
                      </td>
                      <td>
                        <span className={classes.deployments}>
                          {deployments.map((deployment) => (
                            <Link
                              key={deployment.id}
                              className="link"
                              to="/w/$ws/deployments/$id"
                              params={{ ws, id: deployment.id }}
                              title={`${deployment.name}, version ${deployment.version}`}
                            >
                              <Phase phase={deployment.phase} />
                            </Link>
                          ))}
                          {deployments.length === 0 && <span className="dimmed">–</span>}
                        </span>
                      </td>
                      <td className="dimmed">
                        <Ago time={updated_at} />
                      </td>
                      <td>{updated_by}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <Pager
                shown={drafts.data.items.length}
                cursor={cursor}
                next={drafts.data.next_cursor}
                onGo={(next) => navigate({ search: { q, cursor: next } })}
              />
            </>
          )}
        </div>
      </div>
    </>
  );
}

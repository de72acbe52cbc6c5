/** Who changed what, and when. Nothing here can be changed. */

import { NativeSelect } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Fragment } from "react";
import { auditQuery } from "../../api/workspace";
import { ChevronDownIcon, ChevronRightIcon } from "../../components/icons";
import { PageHeader } from "../../components/PageHeader";
import { Pager } from "../../components/Pager";
import { SearchBox } from "../../components/SearchBox";
import { Empty, ErrorState, Loading } from "../../components/States";
import { useSession } from "../../components/useRole";
import { dateTime } from "../../lib/format";
import classes from "./AuditPage.module.css";

const route = getRouteApi("/w/$ws/audit");

export function AuditPage() {
  const { ws } = route.useParams();
  const { of, q, cursor, event: opened } = route.useSearch();
  const { user } = useSession();
  const isWhole = of === "server" && user.is_admin;
  const navigate = route.useNavigate();
  const events = useQuery(auditQuery(isWhole ? null : ws, { q, cursor }));
  return (
    <>
      <PageHeader
        title="Audit"
        actions={
          <>
            {user.is_admin && (
              <NativeSelect
                aria-label="Show what was changed in"
                value={isWhole ? "server" : ""}
                onChange={({ currentTarget: { value } }) =>
                  navigate({ search: { of: value === "server" ? value : undefined, q }, replace: true })
                }
                data={[
                  { value: "", label: "This workspace" },
                  { value: "server", label: "The whole server" },
                ]}
              />
            )}
            <SearchBox
              key={ws}
              label="Search by person, action, subject"
              width={280}
              value={q ?? ""}
              onSearch={(text) => navigate({ search: { of, q: text || undefined }, replace: true })}
            />
          </>
        }
      />
      <div className={classes.page}>
        <div className="panel">
          {events.isPending ? (
            <Loading rows={12} />
          ) : events.isLoadingError ? (
            <ErrorState error={events.error} retry={events.refetch} />
          ) : events.data.items.length === 0 ? (
            <Empty title={q ? `Nothing matches “${q}”` : "Nothing has been changed yet"} />
          ) : (
            <>
              <table className="plain">
                <thead>
                  <tr>
                    <th>When</th>
                    <th>Who</th>
                    <th>What</th>
                    <th>To what</th>
                    {isWhole && <th>Workspace</th>}
                  </tr>
                </thead>
                <tbody>
                  {events.data.items.map(({ id, at, actor, workspace, action, subject, detail }) => {
                    const isOpen = id === opened;
                    const hasDetail =
                      detail !== null && detail !== undefined && JSON.stringify(detail) !== "{}";
                    return (
                      <Fragment key={id}>
                        <tr aria-current={isOpen || undefined}>
                          <td className={classes.when}>
                            {hasDetail ? (
                              <button
                                type="button"
                                aria-expanded={isOpen}
                                onClick={() =>
                                  navigate({
                                    search: (search) => ({ ...search, event: isOpen ? undefined : id }),
                                    replace: true,
                                  })
                                }
                              >
                                {isOpen ? <ChevronDownIcon size={11} /> : <ChevronRightIcon size={11} />}
                                {dateTime(at)}
                              </button>
                            ) : (
                              <span>{dateTime(at)}</span>
                            )}
                          </td>
                          <td>{actor}</td>
                          <td className="mono">{action}</td>
                          <td className="mono">{subject}</td>
                          {isWhole && <td className="dimmed">{workspace ?? "–"}</td>}
                        </tr>
                        {isOpen && (
                          <tr>
                            <td colSpan={isWhole ? 5 : 4} className={`wrap ${classes.detail}`}>
                              <pre>{JSON.stringify(detail, null, 2)}</pre>
                            </td>
                          </tr>
                        )}
                      </Fragment>
                    );
                  })}
                </tbody>
              </table>
              <Pager
                shown={events.data.items.length}
                cursor={cursor}
                next={events.data.next_cursor}
                onGo={(next) => navigate({ search: { of, q, cursor: next } })}
              />
            </>
          )}
        </div>
      </div>
    </>
  );
}

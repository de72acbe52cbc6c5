/** Apache Flink clusters that jobs may run on, and how each of them is. For administrators. */

import { ActionIcon, Button, Group } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { clustersQuery, deleteCluster } from "../../api/clusters";
import type { Cluster } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { EditIcon, PlusIcon, TrashIcon, WarningIcon } from "../../components/icons";
import { done } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { Empty, ErrorState, Loading } from "../../components/States";
import { useSession } from "../../components/useRole";
import { freeSlots } from "../../lib/clusters";
import { count } from "../../lib/format";
import classes from "./ClustersPage.module.css";
import { EditCluster } from "./EditCluster";

export function ClustersPage() {
  const { user } = useSession();
  const clusters = useQuery(clustersQuery);
  const queryClient = useQueryClient();
  const [edited, setEdited] = useState<Cluster | "new" | null>(null);
  const [dropped, setDropped] = useState<Cluster | null>(null);
  const attach = (
    <Button variant="filled" leftSection={<PlusIcon size={14} />} onClick={() => setEdited("new")}>
      Attach a cluster
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Clusters"
        beside={<span className="dimmed">of the whole server</span>}
        actions={user.is_admin && attach}
      />
      <div className={classes.page}>
        <div className="panel">
          {clusters.isPending ? (
            <Loading rows={5} />
          ) : clusters.isLoadingError ? (
            <ErrorState error={clusters.error} retry={clusters.refetch} />
          ) : clusters.data.items.length === 0 ? (
            <Empty title="No clusters" action={attach}>
              Jobs run on the machine of this server, unless they are deployed to an Apache Flink cluster.
              Attach one by the address of its JobManager, name a storage that all of its machines can reach,
              and say which workspaces may use it.
            </Empty>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th>Cluster</th>
                  <th>State</th>
                  <th>Slots</th>
                  <th className="number">Running jobs</th>
                  <th>Address and storage</th>
                  <th>Workspaces</th>
                  <th>
                    <span className="spoken">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {clusters.data.items.map((cluster) => (
                  <tr key={cluster.name}>
                    <td>
                      <b>{cluster.name}</b>
                    </td>
                    <State cluster={cluster} />
                    <td className={`mono wrap ${classes.places}`}>
                      <div>{cluster.address}</div>
                      <div className="dimmed">{cluster.storage}</div>
                    </td>
                    <td className="wrap">
                      {cluster.workspaces.length > 0 ? (
                        cluster.workspaces.join(", ")
                      ) : (
                        <span className="dimmed">none</span>
                      )}
                    </td>
                    <td className="actions">
                      <Group gap={2} justify="flex-end" wrap="nowrap">
                        <ActionIcon aria-label={`Edit ${cluster.name}`} onClick={() => setEdited(cluster)}>
                          <EditIcon size={14} />
                        </ActionIcon>
                        <ActionIcon aria-label={`Detach ${cluster.name}`} onClick={() => setDropped(cluster)}>
                          <TrashIcon size={14} />
                        </ActionIcon>
                      </Group>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </div>
      </div>
      {edited && (
        <EditCluster
          cluster={edited === "new" ? null : edited}
          taken={clusters.data?.items.map(({ name }) => name) ?? []}
          onClose={() => setEdited(null)}
        />
      )}
      {dropped && (
        <Confirm
          title={`Detach ${dropped.name}?`}
          action="Detach it"
          onClose={() => setDropped(null)}
          onConfirm={async () => {
            await deleteCluster(dropped.name);
            await queryClient.invalidateQueries({ queryKey: clustersQuery.queryKey });
            done(`${dropped.name} is detached`);
          }}
        >
          Nothing more can be deployed to it. The cluster itself goes on; one that deployments run on stays
          attached.
        </Confirm>
      )}
    </>
  );
}

/** Cells of what the cluster says of itself, or one of why it says nothing. */
function State({ cluster }: { cluster: Cluster }) {
  const { unreachable, version, task_managers, jobs_running } = cluster;
  if (unreachable !== null) {
    return (
      <td colSpan={3} className={`wrap ${classes.state}`} data-bad>
        <div>
          <WarningIcon size={13} />
          unreachable
        </div>
        <p>{unreachable}</p>
      </td>
    );
  }
  return (
    <>
      <td className={`wrap ${classes.state}`}>
        <div>
          <span className={classes.dot} aria-hidden="true" />
          Flink {version}
        </div>
        {task_managers !== null && (
          <p>
            {count(task_managers)} {task_managers === 1 ? "task manager" : "task managers"}
          </p>
        )}
      </td>
      <td>
        <Slots cluster={cluster} />
      </td>
      <td className="number">{jobs_running === null ? "–" : count(jobs_running)}</td>
    </>
  );
}

function Slots({ cluster }: { cluster: Cluster }) {
  const { slots_available: free, slots_total: total } = cluster;
  const said = freeSlots(cluster);
  if (said === null || free === null || total === null) return "–";
  const taken = total - free;
  return (
    <>
      {said}
      <div className={classes.bar} data-full={(total > 0 && free === 0) || undefined} aria-hidden="true">
        <span style={{ width: `${total > 0 ? (taken / total) * 100 : 0}%` }} />
      </div>
    </>
  );
}

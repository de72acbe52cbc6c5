/** Outside systems that jobs reach: where they are and how to get in, written once. */

import { ActionIcon, Button, Group } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Fragment, useState } from "react";
import type { Connection } from "../../api/types";
import { connectionsKey, connectionsQuery, deleteConnection } from "../../api/workspace";
import { Confirm } from "../../components/Confirm";
import { EditIcon, PlusIcon, TrashIcon } from "../../components/icons";
import { done } from "../../components/notify";
import { PageHeader } from "../../components/PageHeader";
import { Empty, ErrorState, Loading } from "../../components/States";
import { useRole } from "../../components/useRole";
import classes from "./ConnectionsPage.module.css";
import { EditConnection } from "./EditConnection";
import { Reach } from "./Reach";

const route = getRouteApi("/w/$ws/connections");

export function ConnectionsPage() {
  const { ws } = route.useParams();
  const { isAtLeast } = useRole(ws);
  const canWrite = isAtLeast("owner");
  const queryClient = useQueryClient();
  const connections = useQuery(connectionsQuery(ws));
  const [edited, setEdited] = useState<Connection | "new" | null>(null);
  /** The connection that is being tried, by name. */
  const [tried, setTried] = useState<string | null>(null);
  const [dropped, setDropped] = useState<Connection | null>(null);
  const add = (
    <Button
      variant="filled"
      disabled={!canWrite}
      title={canWrite ? undefined : "Owners set up connections"}
      leftSection={<PlusIcon size={14} />}
      onClick={() => setEdited("new")}
    >
      New connection
    </Button>
  );
  return (
    <>
      <PageHeader title="Connections" actions={add} />
      <div className={classes.page}>
        <div className="panel">
          {connections.isPending ? (
            <Loading rows={5} />
          ) : connections.isLoadingError ? (
            <ErrorState error={connections.error} retry={connections.refetch} />
          ) : connections.data.items.length === 0 ? (
            <Empty title="No connections" action={add}>
              A connection holds the options that tables of one outside system share. Passwords stay in
              secrets, and are named as <code>$&#123;secret.name&#125;</code>.
            </Empty>
          ) : (
            <table className="plain">
              <thead>
                <tr>
                  <th>Connection</th>
                  <th>Kind</th>
                  <th>Options</th>
                  <th>
                    <span className="spoken">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {connections.data.items.map((connection) => (
                  <Fragment key={connection.name}>
                    <tr>
                      <td>
                        <b>{connection.name}</b>
                      </td>
                      <td>{connection.kind}</td>
                      <td className={`mono wrap ${classes.options}`}>
                        {Object.entries(connection.options).map(([name, value]) => (
                          <div key={name} className="truncate">
                            <span className="dimmed">{name}</span> = {value}
                          </div>
                        ))}
                      </td>
                      <td className="actions">
                        {canWrite && (
                          <Group gap={2} justify="flex-end" wrap="nowrap">
                            <Button
                              size="compact-xs"
                              aria-label={`Test ${connection.name}`}
                              aria-expanded={tried === connection.name}
                              onClick={() => setTried(tried === connection.name ? null : connection.name)}
                            >
                              Test
                            </Button>
                            <ActionIcon
                              aria-label={`Edit ${connection.name}`}
                              onClick={() => setEdited(connection)}
                            >
                              <EditIcon size={14} />
                            </ActionIcon>
                            <ActionIcon
                              aria-label={`Delete ${connection.name}`}
                              onClick={() => setDropped(connection)}
                            >
                              <TrashIcon size={14} />
                            </ActionIcon>
                          </Group>
                        )}
                      </td>
                    </tr>
                    {tried === connection.name && (
                      <tr>
                        <td colSpan={4} className={`wrap ${classes.reach}`}>
                          <Reach ws={ws} name={connection.name} />
                        </td>
                      </tr>
                    )}
                  </Fragment>
                ))}
              </tbody>
            </table>
          )}
        </div>
      </div>
      {edited && (
        <EditConnection
          ws={ws}
          connection={edited === "new" ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
      {dropped && (
        <Confirm
          title={`Delete ${dropped.name}?`}
          action="Delete it"
          onClose={() => setDropped(null)}
          onConfirm={async () => {
            await deleteConnection(ws, dropped.name);
            await queryClient.invalidateQueries({ queryKey: connectionsKey(ws) });
            done(`${dropped.name} is deleted`);
          }}
        >
          Tables that name it can no longer be read or written.
        </Confirm>
      )}
    </>
  );
}

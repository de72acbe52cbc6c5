/** Whether the outside system of a connection answers, address by address. Asked for when it is shown. */

import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { connectionsKey, testConnection } from "../../api/workspace";
import { CheckIcon, CrossIcon, RefreshIcon } from "../../components/icons";
import { ErrorState, Loading } from "../../components/States";
import classes from "./Reach.module.css";

export function Reach({ ws, name }: { ws: string; name: string }) {
  const reached = useQuery({
    queryKey: [...connectionsKey(ws), name, "test"],
    queryFn: () => testConnection(ws, name),
    // What was so a minute ago says nothing of now.
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const again = (
    <Button
      size="compact-xs"
      leftSection={<RefreshIcon size={12} />}
      loading={reached.isFetching}
      onClick={() => reached.refetch()}
    >
      Test again
    </Button>
  );
  return (
    <div className={classes.box} role="status" aria-label={`Test of ${name}`}>
      {reached.isPending ? (
        <Loading rows={2} label="Reaching out" />
      ) : reached.error ? (
        <ErrorState error={reached.error} retry={reached.refetch} />
      ) : (
        <>
          <div className={classes.head}>
            <b data-ok={reached.data.reachable || undefined}>
              {reached.data.reachable ? "It can be reached" : "It cannot be reached"}
            </b>
            {again}
          </div>
          <ul>
            {reached.data.checks.map(({ address, ok, message }) => (
              <li key={address} data-ok={ok || undefined}>
                {ok ? <CheckIcon size={13} /> : <CrossIcon size={13} />}
                <span className="mono">{address}</span>
                <span>{message}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

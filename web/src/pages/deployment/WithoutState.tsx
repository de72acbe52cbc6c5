/** Asks before a deployment is started, or started again, without what it knew. */

import { useQueryClient } from "@tanstack/react-query";
import { changeDeployment, deploymentKey, deploymentsKey, takeDeployment } from "../../api/deployments";
import type { Deployment } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { done } from "../../components/notify";
import { OVER } from "../../components/Phase";
import { WITHOUT_STATE } from "../../components/StateChoice";

/** Whether it runs, or is about to. */
export function isUnderWay({ desired, phase }: Deployment): boolean {
  return desired === "running" && !OVER.includes(phase);
}

export function WithoutState({
  ws,
  deployment,
  onClose,
}: {
  ws: string;
  deployment: Deployment;
  onClose: () => void;
}) {
  const queryClient = useQueryClient();
  const { id, name } = deployment;
  const verb = isUnderWay(deployment) ? "Restart" : "Start";
  return (
    <Confirm
      title={`${verb} ${name} without state?`}
      action={`${verb} it without state`}
      onClose={onClose}
      onConfirm={async () => {
        const change = { desired: "running", restore: "none" } as const;
        const changed = await changeDeployment(ws, deployment, change).finally(() =>
          queryClient.invalidateQueries({ queryKey: deploymentKey(ws, id), exact: true }),
        );
        takeDeployment(queryClient, ws, changed);
        queryClient.invalidateQueries({ queryKey: deploymentsKey(ws) });
        done(`${name} begins without state`);
      }}
    >
      {WITHOUT_STATE} The checkpoints that there are will not be used again; savepoints stay.
    </Confirm>
  );
}

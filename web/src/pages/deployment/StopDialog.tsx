/** Asks before a deployment is stopped, and whether its state is to be kept for longer. */

import { Checkbox, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Deployment } from "../../api/types";
import { Confirm } from "../../components/Confirm";
import { isUnderWay } from "./WithoutState";

export function StopDialog({
  deployment,
  onStop,
  onClose,
}: {
  deployment: Deployment;
  onStop: (savepoint: { name: string } | null) => Promise<unknown>;
  onClose: () => void;
}) {
  const [isKept, setKept] = useState(false);
  const [name, setName] = useState("");
  return (
    <Confirm
      title={`Stop ${deployment.name}?`}
      action="Stop it"
      onClose={onClose}
      onConfirm={() => onStop(isKept ? { name: name.trim() } : null)}
    >
      <Stack gap="sm">
        <span>
          The job ends and leaves a last checkpoint. When it is started again, it goes on from there.
        </span>
        {isUnderWay(deployment) && (
          <Checkbox
            label="Take a savepoint of the state in which it stops"
            description="It stays until it is deleted, whatever becomes of the deployment."
            checked={isKept}
            onChange={(event) => setKept(event.currentTarget.checked)}
          />
        )}
        {isKept && (
          <TextInput
            label="Name of the savepoint"
            description="For whoever looks for it later; may be left out."
            maxLength={200}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Stack>
    </Confirm>
  );
}

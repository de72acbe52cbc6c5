/** A cluster is attached, or what is known of it changes. */

import { Button, MultiSelect, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { clustersQuery, saveCluster } from "../../api/clusters";
import type { Cluster } from "../../api/types";
import { Dialog, DialogBody } from "../../components/Dialog";
import { done } from "../../components/notify";
import { ErrorState } from "../../components/States";
import { useSession } from "../../components/useRole";

export function EditCluster({
  cluster,
  taken,
  onClose,
}: {
  /** `null` for a new one. */
  cluster: Cluster | null;
  /** Names that others have. */
  taken: string[];
  onClose: () => void;
}) {
  const session = useSession();
  const queryClient = useQueryClient();
  const isNew = cluster === null;
  const [name, setName] = useState(cluster?.name ?? "");
  const [address, setAddress] = useState(cluster?.address ?? "");
  const [storage, setStorage] = useState(cluster?.storage ?? "");
  const [workspaces, setWorkspaces] = useState(cluster?.workspaces ?? []);
  // Saved under the name of another one, it would take that one's place.
  const isTaken = isNew && taken.includes(name.trim());
  const save = useMutation({
    mutationFn: () =>
      saveCluster(name.trim(), { address: address.trim(), storage: storage.trim(), workspaces }),
    onSuccess: () => {
      queryClient.invalidateQueries({ queryKey: clustersQuery.queryKey });
      done(`${name.trim()} is ${isNew ? "attached" : "saved"}`);
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog onClose={onClose} title={cluster?.name ?? "Attach a cluster"}>
      <DialogBody
        onSubmit={submit}
        buttons={
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button
              type="submit"
              variant="filled"
              loading={save.isPending}
              disabled={isTaken || [name, address, storage].some((text) => text.trim() === "")}
            >
              {isNew ? "Attach" : "Save"}
            </Button>
          </>
        }
      >
        <Stack gap="md">
          <TextInput
            label="Name"
            description="What it is called here, for good: letters, digits, hyphens and underscores."
            placeholder="flink-prod"
            value={name}
            disabled={!isNew}
            onChange={(event) => setName(event.currentTarget.value)}
            error={isTaken ? "there is a cluster of this name already" : undefined}
            autoComplete="off"
            required
            withAsterisk={false}
            {...(isNew && { "data-autofocus": true })}
          />
          <TextInput
            label="Address"
            description="Where the REST interface of its JobManager listens."
            placeholder="http://flink-jobmanager:8081"
            value={address}
            onChange={(event) => setAddress(event.currentTarget.value)}
            autoComplete="off"
            required
            withAsterisk={false}
            {...(!isNew && { "data-autofocus": true })}
          />
          <TextInput
            label="Storage"
            description="Where its checkpoints and savepoints go: a place that all of its machines can reach, such as file:///shared/folder."
            placeholder="s3://bucket/folder"
            value={storage}
            onChange={(event) => setStorage(event.currentTarget.value)}
            autoComplete="off"
            required
            withAsterisk={false}
          />
          <MultiSelect
            label="Workspaces"
            description="Those that may run jobs on it."
            placeholder={workspaces.length === 0 ? "None yet" : undefined}
            value={workspaces}
            onChange={setWorkspaces}
            data={session.workspaces.map((each) => ({ value: each.name, label: each.display_name }))}
            nothingFoundMessage="No other workspace"
            hidePickedOptions
            searchable
          />
          {save.error && <ErrorState error={save.error} />}
        </Stack>
      </DialogBody>
    </Dialog>
  );
}

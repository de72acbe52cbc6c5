/**
 * What the next run of a deployment goes on from, and what becomes of it in the version that is to run: asked before
 * anything is changed. Where state would be lost, the reader says that it may.
 */

import { Checkbox, NativeSelect, Radio, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { savepointsQuery, savepointVerdictQuery, verdictQuery } from "../api/savepoints";
import type { Deployment, Restore, Savepoint } from "../api/types";
import { ago, bytes } from "../lib/format";
import { isAllowed } from "../lib/verdict";
import { Loading } from "./States";
import { VerdictView } from "./VerdictView";

export const WITHOUT_STATE =
  "Input is read from the beginning, as the table options say; windows and aggregates begin empty. Rows already written are not taken back.";

type Kind = "latest" | "savepoint" | "none";

export interface StateWish {
  restore: Restore;
  allow_reset: boolean;
}

/** The choice, and whether all is said that the server will ask for. */
export function useStateWish({
  ws,
  deployment,
  draft,
  version,
  savepoint,
}: {
  ws: string;
  /** `null`: it is to be made. */
  deployment: Deployment | null;
  draft: string;
  version: number | null;
  /** The savepoint to begin with. */
  savepoint?: string | undefined;
}) {
  const beginsAnew = deployment === null || deployment.phase === "finished";
  const [asked, setKind] = useState<Kind | null>(savepoint ? "savepoint" : null);
  const kind = asked === "latest" && beginsAnew ? "none" : (asked ?? (beginsAnew ? "none" : "latest"));
  const [chosen, setChosen] = useState(savepoint ?? null);
  // What was allowed for one version is not for another.
  const [allowedFor, setAllowedFor] = useState<string | null>(null);
  const savepoints = useQuery({
    ...savepointsQuery(ws, { status: "done", limit: 200 }),
    refetchInterval: false,
  });
  const id = chosen ?? savepoints.data?.items[0]?.id ?? null;
  const restore: Restore | null =
    kind !== "savepoint" ? kind : id === null ? null : ({ savepoint: id } as const);
  const subject = JSON.stringify([deployment?.id, version, restore]);
  const isOwn = deployment !== null;
  const own = useQuery({
    ...verdictQuery(ws, deployment?.id ?? "", version ?? 0, restore ?? "latest"),
    enabled: isOwn && version !== null && restore !== null && kind !== "none",
  });
  const other = useQuery({
    ...savepointVerdictQuery(ws, id ?? "", draft, version ?? 0),
    enabled: !isOwn && version !== null && kind === "savepoint" && id !== null,
  });
  const verdict = isOwn ? own : other;
  const isApproved = allowedFor === subject;
  const isReady =
    kind === "none" ||
    (restore !== null &&
      (verdict.data !== undefined ? isAllowed(verdict.data, isApproved) : !verdict.isPending));
  const wish: StateWish = { restore: restore ?? "latest", allow_reset: isApproved };
  return {
    wish,
    isReady,
    kind,
    setKind,
    id,
    setChosen,
    savepoints,
    verdict,
    isApproved,
    approve: (is: boolean) => setAllowedFor(is ? subject : null),
    beginsAnew,
    deployment,
  };
}

export function StateChoice({ choice }: { choice: ReturnType<typeof useStateWish> }) {
  const { kind, savepoints, verdict, deployment, beginsAnew } = choice;
  const items = savepoints.data?.items ?? [];
  const isChecked = kind !== "none" && (kind === "latest" || choice.id !== null);
  return (
    <Stack gap="sm">
      <Radio.Group label="State" value={kind} onChange={(next) => choice.setKind(next as Kind)}>
        <Stack gap={7} mt={5}>
          {!beginsAnew && <Radio value="latest" label="Go on from the newest checkpoint" />}
          <Radio
            value="savepoint"
            label="Begin from a savepoint"
            disabled={items.length === 0}
            description={
              savepoints.isPending
                ? "Looking for savepoints…"
                : items.length === 0
                  ? "There is none in this workspace yet."
                  : undefined
            }
          />
          {kind === "savepoint" && items.length > 0 && (
            <NativeSelect
              aria-label="Savepoint"
              ml={26}
              value={choice.id ?? ""}
              onChange={({ currentTarget: { value } }) => choice.setChosen(value)}
              data={items.map((each) => ({
                value: each.id,
                label: labelOf(each, deployment?.id),
              }))}
            />
          )}
          <Radio
            value="none"
            label="Begin without state"
            description={kind === "none" ? WITHOUT_STATE : undefined}
          />
        </Stack>
      </Radio.Group>
      {isChecked &&
        (verdict.isPending ? (
          verdict.fetchStatus !== "idle" && <Loading rows={3} label="Comparing the versions" />
        ) : (
          <VerdictView verdict={verdict.data ?? null} error={verdict.error} retry={verdict.refetch} />
        ))}
      {isChecked && verdict.data && !verdict.data.keeps_all && verdict.data.worst === "reset" && (
        <Checkbox
          label="Let go of the state that is not kept"
          checked={choice.isApproved || verdict.data.drops_state}
          disabled={verdict.data.drops_state}
          onChange={(event) => choice.approve(event.currentTarget.checked)}
        />
      )}
    </Stack>
  );
}

function labelOf(
  { name, id, deployment_id, deployment_name, version, taken }: Savepoint,
  own?: string,
): string {
  const parts = [name || `…${id.slice(-6)}`];
  if (deployment_id !== own) parts.push(deployment_name);
  parts.push(`version ${version}`);
  if (taken) parts.push(ago(taken.taken_at, Date.now()), bytes(taken.bytes));
  return parts.join(" · ");
}

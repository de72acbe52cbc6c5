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
import { choicesAmong } from "../lib/savepoints";
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
  // What was chosen for one deployment is not for another.
  const [chosen, setChosen] = useState({ of: deployment?.id, id: savepoint ?? null });
  // What was allowed for one version is not for another.
  const [allowedFor, setAllowedFor] = useState<string | null>(null);
  const isOwn = deployment !== null;
  const ofAll = useQuery({ ...savepointsQuery(ws, { status: "done", limit: 200 }), refetchInterval: false });
  // Asked for apart: those of others may be newer than all of its own, and more than one page holds.
  const ofOwn = useQuery({
    ...savepointsQuery(ws, { deployment_id: deployment?.id ?? "", status: "done", limit: 200 }),
    refetchInterval: false,
    placeholderData: undefined,
    enabled: isOwn,
  });
  const isLooking = ofAll.isPending || (isOwn && ofOwn.isPending);
  const failure = ofOwn.error ?? ofAll.error;
  const savepoints = choicesAmong(
    isLooking ? [] : [...(ofOwn.data?.items ?? []), ...(ofAll.data?.items ?? [])],
    deployment?.id ?? null,
  );
  const id = (chosen.of === deployment?.id ? chosen.id : null) ?? savepoints.preselected;
  const restore: Restore | null =
    kind !== "savepoint" ? kind : id === null ? null : ({ savepoint: id } as const);
  const subject = JSON.stringify([deployment?.id, version, restore]);
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
    setChosen: (next: string) => setChosen({ of: deployment?.id, id: next }),
    savepoints,
    isLooking,
    failure,
    verdict,
    isApproved,
    approve: (is: boolean) => setAllowedFor(is ? subject : null),
    beginsAnew,
    deployment,
  };
}

export function StateChoice({ choice }: { choice: ReturnType<typeof useStateWish> }) {
  const { kind, savepoints, isLooking, failure, verdict, beginsAnew } = choice;
  const isNone = savepoints.own.length + savepoints.others.length === 0;
  const isChecked = kind !== "none" && (kind === "latest" || choice.id !== null);
  return (
    <Stack gap="sm">
      <Radio.Group label="State" value={kind} onChange={(next) => choice.setKind(next as Kind)}>
        <Stack gap={7} mt={5}>
          {!beginsAnew && <Radio value="latest" label="Go on from the newest checkpoint" />}
          <Radio
            value="savepoint"
            label="Begin from a savepoint"
            disabled={isNone}
            description={
              isLooking
                ? "Looking for savepoints…"
                : failure
                  ? `Not all savepoints could be read: ${failure.message}`
                  : isNone
                    ? "There is none in this workspace yet."
                    : undefined
            }
          />
          {kind === "savepoint" && !isNone && (
            <NativeSelect
              aria-label="Savepoint"
              ml={26}
              value={choice.id ?? ""}
              onChange={({ currentTarget: { value } }) => choice.setChosen(value)}
              data={[
                ...(choice.id === null ? [{ value: "", label: "Choose one…", disabled: true }] : []),
                ...groupOf("Of this deployment", savepoints.own, labelOf),
                ...groupOf(
                  "Of other deployments",
                  savepoints.others,
                  (each) => `${each.deployment_name} · ${labelOf(each)}`,
                ),
              ]}
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

function groupOf(group: string, savepoints: Savepoint[], label: (savepoint: Savepoint) => string) {
  if (savepoints.length === 0) return [];
  return [{ group, items: savepoints.map((each) => ({ value: each.id, label: label(each) })) }];
}

function labelOf({ name, id, version, taken }: Savepoint): string {
  const parts = [name || `…${id.slice(-6)}`, `version ${version}`];
  if (taken) parts.push(ago(taken.taken_at, Date.now()), bytes(taken.bytes));
  return parts.join(" · ");
}

/** Which savepoints a deployment may begin from, and which one it begins from unless somebody says otherwise. */

import type { Savepoint } from "../api/types";

export interface SavepointChoices {
  own: Savepoint[];
  others: Savepoint[];
  /** The newest of its own. State of another deployment is begun from on purpose alone. */
  preselected: string | null;
}

/**
 * Sorts what was read: newest first, and each once, though the lists may share some.
 *
 * @param deployment `null`: it is to be made, so that all are of others.
 */
export function choicesAmong(savepoints: Savepoint[], deployment: string | null): SavepointChoices {
  const newestFirst = [...new Map(savepoints.map((each) => [each.id, each])).values()].sort(
    (a, b) => takenMs(b) - takenMs(a),
  );
  const own = newestFirst.filter(({ deployment_id }) => deployment_id === deployment);
  const others = newestFirst.filter(({ deployment_id }) => deployment_id !== deployment);
  return { own, others, preselected: own[0]?.id ?? null };
}

const takenMs = ({ taken, created_at }: Savepoint) => Date.parse(taken?.taken_at ?? created_at);

/** What is known of checkpoints, from what a run tells and from what is retained. */

import type { Checkpoint, CheckpointMetrics, LastCheckpoint } from "../api/types";

/**
 * The newest checkpoint. A run tells of it at once, but what it takes at its very end is told by the list alone; the list
 * also knows those of runs before. A damaged one says nothing of when it was taken.
 */
export function lastCheckpoint(
  metrics: CheckpointMetrics | undefined,
  retained: Checkpoint[],
): LastCheckpoint | null {
  const told = metrics?.last ?? null;
  const kept = retained.find(({ origin }) => origin);
  if (!kept?.origin || (told && told.number >= kept.number)) return told;
  return {
    number: kept.number,
    at: kept.origin.taken_at,
    duration_ms: tookMs(kept.origin),
    bytes: kept.bytes,
  };
}

/** From when its barrier set out until it had passed all operators. */
export function tookMs({ began_at, taken_at }: NonNullable<Checkpoint["origin"]>): number {
  return Math.max(0, Date.parse(taken_at) - Date.parse(began_at));
}

/** What is said of clusters in a few words. */

import type { ClusterState, UsableCluster } from "../api/types";

/** "3 of 4 slots free"; nothing of a cluster that does not answer. */
export function freeSlots({
  slots_available,
  slots_total,
}: Pick<ClusterState, "slots_available" | "slots_total">): string | null {
  if (slots_available === null || slots_total === null) return null;
  return `${slots_available} of ${slots_total} ${slots_total === 1 ? "slot" : "slots"} free`;
}

/** For a list to choose from: "flink-prod · 3 of 4 slots free". */
export function clusterLabel(cluster: UsableCluster): string {
  return `${cluster.name} · ${freeSlots(cluster) ?? "unreachable"}`;
}

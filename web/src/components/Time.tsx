/** A moment as "5 min ago", with the exact time on hover; it keeps itself fresh. */

import { Tooltip } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { ago, dateTime, duration } from "../lib/format";

const TICK_MS = 10_000;
let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** The present, told anew every ten seconds to all at once. */
function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

export function Ago({ time }: { time: string | null }) {
  const present = useNow();
  if (!time) return <span className="dimmed">never</span>;
  return (
    <Tooltip label={dateTime(time)}>
      <time dateTime={time}>{ago(time, Math.max(present, Date.now()))}</time>
    </Tooltip>
  );
}

/** How long something lasted, or lasts. */
export function Lasting({ from, to }: { from: string; to: string | null }) {
  const present = useNow();
  const end = to ? Date.parse(to) : Math.max(present, Date.now());
  return <>{duration(Math.max(0, end - Date.parse(from)))}</>;
}

/** The log of a run, read on from where it ended, while someone looks. The last `LINES_MAX` lines are kept. */

import { useEffect, useRef, useState } from "react";
import { readLog } from "../../api/deployments";

const LINES_MAX = 20_000;
const PAUSE_MS = 1_000;

export interface Log {
  lines: string[];
  /** Lines before the first one are gone: rotated away, or past what is kept here. */
  isCut: boolean;
  isLoading: boolean;
  error: unknown;
}

const EMPTY: Log = { lines: [], isCut: false, isLoading: true, error: null };

export function useLog(ws: string, id: string, run: string | undefined): Log & { retry: () => void } {
  const [log, setLog] = useState<Log>(EMPTY);
  const [attempt, setAttempt] = useState(0);
  const after = useRef(0);
  const shown = useRef<string | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt starts it again
  useEffect(() => {
    const controller = new AbortController();
    after.current = 0;
    shown.current = null;
    setLog(EMPTY);
    const read = async () => {
      while (!controller.signal.aborted) {
        // While nobody looks, nothing is read.
        if (document.hidden) {
          await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
          continue;
        }
        const page = await readLog(ws, id, { run, after: after.current }, { signal: controller.signal });
        // Whoever follows the newest run reads the log of the next one from its beginning.
        if (shown.current !== null && page.run !== shown.current) {
          shown.current = page.run;
          after.current = 0;
          continue;
        }
        shown.current = page.run;
        const isAtEnd = page.lines.length === 0 || page.next === after.current;
        after.current = page.next;
        if (page.lines.length > 0) {
          setLog((before) => {
            const lines = [...before.lines, ...page.lines];
            const isTooLong = lines.length > LINES_MAX;
            return {
              lines: isTooLong ? lines.slice(-LINES_MAX) : lines,
              isCut: before.isCut || isTooLong || page.skipped,
              isLoading: false,
              error: null,
            };
          });
        } else setLog((before) => (before.isLoading ? { ...before, isLoading: false } : before));
        if (isAtEnd) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    };
    read().catch((error: unknown) => {
      if (!controller.signal.aborted) setLog((before) => ({ ...before, isLoading: false, error }));
    });
    return () => controller.abort();
  }, [ws, id, run, attempt]);

  return { ...log, retry: () => setAttempt((last) => last + 1) };
}

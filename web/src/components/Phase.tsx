/** The phase of a deployment or run: a sign and a word, so that colour is never alone in saying it. */

import type { ReactNode } from "react";
import type { Phase as PhaseName } from "../api/types";
import { words } from "../lib/format";
import classes from "./Phase.module.css";

type Tone = "alive" | "moving" | "still" | "warn" | "bad";

const LOOKS: Record<PhaseName, { tone: Tone; sign: ReactNode }> = {
  pending: { tone: "moving", sign: <circle cx="5" cy="5" r="3.2" strokeDasharray="2 2" /> },
  starting: { tone: "moving", sign: <path d="M5 1.8a3.2 3.2 0 1 1-3.2 3.2" /> },
  running: { tone: "alive", sign: <circle cx="5" cy="5" r="3.2" fill="currentColor" stroke="none" /> },
  recovering: { tone: "warn", sign: <path d="M5 1.8a3.2 3.2 0 1 1-3.2 3.2" /> },
  rescaling: { tone: "moving", sign: <path d="M1.5 8.5 8.5 1.5M5 1.5h3.5V5M1.5 5v3.5H5" /> },
  suspended: { tone: "still", sign: <path d="M3.3 2v6M6.7 2v6" strokeWidth="1.8" /> },
  stopping: {
    tone: "moving",
    sign: <rect x="2.3" y="2.3" width="5.4" height="5.4" rx="0.8" strokeDasharray="2 1.5" />,
  },
  stopped: { tone: "still", sign: <rect x="2.3" y="2.3" width="5.4" height="5.4" rx="0.8" /> },
  finished: { tone: "still", sign: <path d="m1.8 5.3 2.2 2.2 4.2-4.7" /> },
  failed: { tone: "bad", sign: <path d="m2.2 2.2 5.6 5.6M7.8 2.2 2.2 7.8" strokeWidth="1.8" /> },
  awaiting_approval: { tone: "warn", sign: <path d="M5 1.8v3.4L7 6.5" /> },
};

export function Phase({ phase, size = "sm" }: { phase: PhaseName; size?: "sm" | "md" }) {
  const { tone, sign } = LOOKS[phase] ?? LOOKS.pending;
  return (
    <span className={classes.phase} data-tone={tone} data-size={size} data-phase={phase}>
      <svg
        viewBox="0 0 10 10"
        width="10"
        height="10"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.4"
        aria-hidden="true"
      >
        {sign}
      </svg>
      {words(phase)}
    </span>
  );
}

/** Phases in which nothing runs until someone starts it. */
export const OVER: PhaseName[] = ["failed", "finished", "stopped"];
/** Phases in which something should happen without anyone doing anything. */
export const MOVING: PhaseName[] = ["pending", "starting", "recovering", "rescaling", "stopping"];

/** One draft, saved while it is written; the machine itself is `lib/autosave.ts`. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { ApiError } from "../../api/client";
import { draftKey, draftsKey, readDraft, saveDraft } from "../../api/drafts";
import type { Draft } from "../../api/types";
import { Autosave, type Snapshot } from "../../lib/autosave";

export function useAutosave(ws: string, draft: Draft): Snapshot & { autosave: Autosave } {
  const queryClient = useQueryClient();
  // biome-ignore lint/correctness/useExhaustiveDependencies: made once for a draft; later copies of it are of its own making
  const autosave = useMemo(
    () =>
      new Autosave(draft, {
        save: async (content, revision) => {
          const saved = await saveDraft(ws, draft.id, content, revision);
          queryClient.setQueryData(draftKey(ws, draft.id), saved);
          queryClient.invalidateQueries({ queryKey: draftsKey(ws), refetchType: "none" });
          return saved;
        },
        read: () => readDraft(ws, draft.id),
        isStale: (error) => error instanceof ApiError && error.isStale,
        mayPass: (error) => error instanceof ApiError && (error.status === 0 || error.status >= 500),
      }),
    [ws, draft.id, queryClient],
  );
  const snapshot = useSyncExternalStore(autosave.subscribe, autosave.snapshot);

  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => {
      if (autosave.snapshot().state.kind !== "saved") event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => {
      window.removeEventListener("beforeunload", warn);
      autosave.close();
    };
  }, [autosave]);
  return { ...snapshot, autosave };
}

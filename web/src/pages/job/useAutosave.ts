/** One draft, saved while it is written; the machine itself is `lib/autosave.ts`. */

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { ApiError } from "../../api/client";
import { draftKey, draftsKey, readDraft, saveDraft } from "../../api/drafts";
import type { Draft } from "../../api/types";
import { useSession } from "../../components/useRole";
import { Autosave, type Snapshot, type Unsaved } from "../../lib/autosave";

export function useAutosave(ws: string, draft: Draft): Snapshot & { autosave: Autosave } {
  const queryClient = useQueryClient();
  const place = `oceanus.unsaved.${useSession().user.id}.${draft.id}`;
  // biome-ignore lint/correctness/useExhaustiveDependencies: made once for a draft; later copies of it are of its own making
  const autosave = useMemo(
    () =>
      new Autosave(
        draft,
        {
          save: async (content, revision, isAutomatic) => {
            const saved = await saveDraft(ws, draft.id, content, { revision, autosave: isAutomatic });
            queryClient.setQueryData(draftKey(ws, draft.id), saved);
            queryClient.invalidateQueries({ queryKey: draftsKey(ws), refetchType: "none" });
            return saved;
          },
          read: () => readDraft(ws, draft.id),
          isStale: (error) => error instanceof ApiError && error.isStale,
          mayPass: (error) => error instanceof ApiError && (error.status === 0 || error.status >= 500),
          keep: (unsaved) => keep(place, unsaved),
        },
        readKept(place),
      ),
    [ws, draft.id, queryClient],
  );
  const snapshot = useSyncExternalStore(autosave.subscribe, autosave.snapshot);

  useEffect(() => {
    // What was kept has been taken up.
    sessionStorage.removeItem(place);
    const warn = (event: BeforeUnloadEvent) => {
      if (autosave.snapshot().state.kind !== "saved") event.preventDefault();
    };
    window.addEventListener("beforeunload", warn);
    return () => {
      window.removeEventListener("beforeunload", warn);
      autosave.close();
    };
  }, [autosave, place]);
  return { ...snapshot, autosave };
}

/** For as long as the tab is open, and for the same user only. */
function keep(place: string, unsaved: Unsaved): void {
  try {
    sessionStorage.setItem(place, JSON.stringify(unsaved));
  } catch {
    // A browser without room for it: the writer has seen that it is not saved.
  }
}

function readKept(place: string): Unsaved | null {
  const kept = sessionStorage.getItem(place);
  return kept === null ? null : (JSON.parse(kept) as Unsaved);
}

/** Short messages in the corner: something was done, or could not be. */

import { notifications } from "@mantine/notifications";
import { ApiError } from "../api/client";

export function done(message: string): void {
  notifications.show({ message, color: "lagoon", autoClose: 3000 });
}

export function notDone(what: string, error: unknown): void {
  const known = error instanceof ApiError ? error : null;
  const reason = known?.isStale
    ? "Someone else changed it meanwhile; the page now shows the newest."
    : [known?.detail ?? known?.title ?? (error instanceof Error ? error.message : null), known?.hint]
        .filter(Boolean)
        .join(" ");
  notifications.show({ title: what, message: reason, color: "coral", autoClose: 8000, role: "alert" });
}

/** What the reader may do here, so that the page can show it. The server decides. */

import { useSuspenseQuery } from "@tanstack/react-query";
import { roleIn, roleIsAtLeast, sessionQuery } from "../api/session";
import type { Role, Session } from "../api/types";

/** The routes below a workspace load the session before they show anything. */
export function useSession(): Session {
  return useSuspenseQuery(sessionQuery).data;
}

export function useRole(workspace: string): { role: Role; isAtLeast: (least: Role) => boolean } {
  const role = roleIn(useSession(), workspace);
  return { role, isAtLeast: (least) => roleIsAtLeast(role, least) };
}

/** Drafts, their versions, checking and trying their text. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, path, type RequestOptions } from "./client";
import type {
  Draft,
  DraftSummary,
  Estimate,
  Page,
  Settings,
  Validation,
  Version,
  VersionDiff,
  VersionSummary,
} from "./types";

export interface DraftContent {
  name: string;
  sql: string;
  settings: Settings;
}

export const draftsKey = (ws: string) => ["ws", ws, "drafts"] as const;
export const draftKey = (ws: string, id: string) => ["ws", ws, "draft", id] as const;
export const versionsKey = (ws: string, id: string) => [...draftKey(ws, id), "versions"] as const;

export const draftsQuery = (
  ws: string,
  page: { q?: string | undefined; cursor?: string | undefined; limit?: number } = {},
) =>
  queryOptions({
    queryKey: [...draftsKey(ws), page],
    queryFn: ({ signal }) =>
      api.get<Page<DraftSummary>>(path`/workspaces/${ws}/drafts`, { signal, query: { limit: 50, ...page } }),
    placeholderData: keepPreviousData,
  });

export const draftQuery = (ws: string, id: string) =>
  queryOptions({
    queryKey: draftKey(ws, id),
    queryFn: ({ signal }) => api.get<Draft>(path`/workspaces/${ws}/drafts/${id}`, { signal }),
    // The editor holds the text; a refetch under the hand of the writer would only confuse.
    refetchOnWindowFocus: false,
  });

export const createDraft = (ws: string, content: DraftContent) =>
  api.post<Draft>(path`/workspaces/${ws}/drafts`, content);

export const readDraft = (ws: string, id: string) => api.get<Draft>(path`/workspaces/${ws}/drafts/${id}`);

/** `autosave`: the editor saves by itself, which is not worth a line in the audit trail each time. */
export const saveDraft = (
  ws: string,
  id: string,
  content: DraftContent,
  { revision, autosave }: { revision: number; autosave: boolean },
) =>
  api.put<Draft>(path`/workspaces/${ws}/drafts/${id}`, content, {
    revision,
    query: { autosave: autosave ? "true" : undefined },
  });

export const deleteDraft = (ws: string, id: string, revision: number) =>
  api.delete(path`/workspaces/${ws}/drafts/${id}`, { revision });

/** Newest first. */
export const versionsQuery = (ws: string, draft: string) =>
  queryOptions({
    queryKey: versionsKey(ws, draft),
    queryFn: ({ signal }) =>
      api.get<Page<VersionSummary>>(path`/workspaces/${ws}/drafts/${draft}/versions`, {
        signal,
        query: { limit: 200 },
      }),
  });

export const versionQuery = (ws: string, draft: string, number: number) =>
  queryOptions({
    queryKey: [...versionsKey(ws, draft), number],
    queryFn: ({ signal }) =>
      api.get<Version>(path`/workspaces/${ws}/drafts/${draft}/versions/${number}`, { signal }),
    // A version never changes.
    staleTime: Number.POSITIVE_INFINITY,
  });

export const versionDiffQuery = (ws: string, draft: string, number: number, against: number) =>
  queryOptions({
    queryKey: [...versionsKey(ws, draft), number, "diff", against],
    queryFn: ({ signal }) =>
      api.get<VersionDiff>(path`/workspaces/${ws}/drafts/${draft}/versions/${number}/diff`, {
        signal,
        query: { against },
      }),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const estimateQuery = (ws: string, draft: string, number: number) =>
  queryOptions({
    queryKey: [...versionsKey(ws, draft), number, "estimate"],
    queryFn: ({ signal }) =>
      api.post<Estimate>(path`/workspaces/${ws}/drafts/${draft}/versions/${number}/estimate`, undefined, {
        signal,
      }),
    staleTime: 60_000,
  });

export const createVersion = (ws: string, draft: string, comment: string) =>
  api.post<Version>(path`/workspaces/${ws}/drafts/${draft}/versions`, { comment });

export const rollBack = (ws: string, draft: string, version: number) =>
  api.post<Draft>(path`/workspaces/${ws}/drafts/${draft}/rollback`, { version });

export const validationQuery = (ws: string, sql: string, settings: Settings) =>
  queryOptions({
    queryKey: ["ws", ws, "validation", sql, settings],
    queryFn: ({ signal }) =>
      api.post<Validation>(path`/workspaces/${ws}/validate`, { sql, settings }, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 30_000,
    gcTime: 30_000,
    retry: false,
  });

export const previewEvents = (
  ws: string,
  content: { sql: string; settings: Settings; rows_max: number },
  options: RequestOptions,
) => api.events("POST", path`/workspaces/${ws}/preview`, content, options);

/** Catalogs, databases, tables and views. */

import { queryOptions } from "@tanstack/react-query";
import { api, path } from "./client";
import type { CatalogTree, Functions, Sample, TableDetail } from "./types";

export interface TableName {
  catalog: string;
  database: string;
  table: string;
}

export const catalogKey = (ws: string) => ["ws", ws, "catalog"] as const;

export const catalogQuery = (ws: string) =>
  queryOptions({
    queryKey: catalogKey(ws),
    queryFn: ({ signal }) => api.get<CatalogTree>(path`/workspaces/${ws}/catalog`, { signal }),
    staleTime: 30_000,
  });

export const tableQuery = (ws: string, { catalog, database, table }: TableName) =>
  queryOptions({
    queryKey: [...catalogKey(ws), catalog, database, table],
    queryFn: ({ signal }) =>
      api.get<TableDetail>(path`/workspaces/${ws}/catalog/tables/${catalog}/${database}/${table}`, {
        signal,
      }),
  });

export const sampleQuery = (ws: string, { catalog, database, table }: TableName, rows: number) =>
  queryOptions({
    queryKey: [...catalogKey(ws), catalog, database, table, "sample", rows],
    queryFn: ({ signal }) =>
      api.get<Sample>(path`/workspaces/${ws}/catalog/tables/${catalog}/${database}/${table}/sample`, {
        signal,
        query: { rows },
        exactNumbers: true,
      }),
    staleTime: 60_000,
    retry: false,
  });

export const runCatalogStatement = (ws: string, sql: string) =>
  api.post<{ messages: string[] }>(path`/workspaces/${ws}/catalog/statements`, { sql });

export const functionsQuery = queryOptions({
  queryKey: ["functions"],
  queryFn: ({ signal }) => api.get<Functions>("/functions", { signal }),
  // They come with the server.
  staleTime: Number.POSITIVE_INFINITY,
});

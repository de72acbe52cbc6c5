/** What the editor can complete from: the catalog, the functions, the columns of the tables that the text speaks of. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { catalogQuery, functionsQuery, tableQuery } from "../../api/catalog";
import type { Vocabulary } from "../../components/sqlCompletion";
import { type NamedColumn, tablesDefinedIn, tablesNamedIn } from "../../lib/sqlNames";

/** A text that names more tables is completed without the columns of the others. */
const TABLES_MAX = 24;
const TABLE_STALE_MS = 60_000;

export function useVocabulary(ws: string, text: string): Vocabulary {
  const catalog = useQuery(catalogQuery(ws)).data;
  const functions = useQuery(functionsQuery).data;
  const named = useMemo(
    () => (catalog ? tablesNamedIn(text, catalog).slice(0, TABLES_MAX) : []),
    [catalog, text],
  );
  const found = useQueries({
    queries: named.map((name) => ({ ...tableQuery(ws, name), staleTime: TABLE_STALE_MS, retry: false })),
    combine: (results) => results.map(({ data }) => data?.columns),
  });
  // Compared by what they say: another letter in the text makes no other vocabulary.
  const columnsText = JSON.stringify({
    ...Object.fromEntries(
      named.map(({ table }, index) => [table, found[index]?.map(({ name, type }) => ({ name, type })) ?? []]),
    ),
    ...tablesDefinedIn(text),
  });
  return useMemo(
    () => ({
      catalogs: catalog?.catalogs ?? [],
      functions: functions?.items ?? [],
      columns: JSON.parse(columnsText) as Record<string, NamedColumn[]>,
    }),
    [catalog, functions, columnsText],
  );
}

/**
 * What the SQL editor offers while someone writes: columns and tables, functions with what they do, keywords.
 *
 * Columns are those of the tables that the text speaks of. Nothing is offered inside texts and comments.
 */

import { type Completion, type CompletionSource, ifNotIn } from "@codemirror/autocomplete";
import { keywordCompletionSource, type SQLNamespace, schemaCompletionSource } from "@codemirror/lang-sql";
import { LanguageSupport } from "@codemirror/language";
import type { EditorView } from "@codemirror/view";
import type { CatalogTree, SqlFunction } from "../api/types";
import type { NamedColumn } from "../lib/sqlNames";
import { flinkSql, nameInSql } from "./flinkSql";

export interface Vocabulary {
  catalogs: CatalogTree["catalogs"];
  /** Of the tables that the text names or defines, by the table's own name. */
  columns: Record<string, NamedColumn[]>;
  functions: SqlFunction[];
}

export const NO_VOCABULARY: Vocabulary = { catalogs: [], columns: {}, functions: [] };

/** Where a name is no suggestion: `.` is for the source that knows what stands before it. */
const ELSEWHERE = ["QuotedIdentifier", "String", "LineComment", "BlockComment", "."];

export function sqlLanguage(vocabulary: Vocabulary): LanguageSupport {
  const sources = [
    ifNotIn(ELSEWHERE, columnsOf(vocabulary)),
    ifNotIn(ELSEWHERE, functionsOf(vocabulary)),
    schemaCompletionSource({ dialect: flinkSql, schema: namespaceOf(vocabulary) }),
    keywordsBeside(vocabulary),
  ];
  return new LanguageSupport(
    flinkSql.language,
    sources.map((autocomplete) => flinkSql.language.data.of({ autocomplete })),
  );
}

function words(options: Completion[]): CompletionSource {
  return (context) => {
    const word = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*/u);
    if (!word && !context.explicit) return null;
    return { from: word?.from ?? context.pos, options, validFor: /^[\p{L}\p{N}_]*$/u };
  };
}

function columnsOf({ columns }: Vocabulary): CompletionSource {
  const found = new Map<string, { types: Set<string>; tables: string[] }>();
  for (const [table, named] of Object.entries(columns)) {
    for (const { name, type } of named) {
      const known = found.get(name) ?? { types: new Set<string>(), tables: [] };
      found.set(name, { types: known.types.add(type), tables: [...known.tables, table] });
    }
  }
  return words(
    Array.from(found, ([name, { types, tables }]) => ({
      label: name,
      apply: nameInSql(name),
      type: "property",
      detail: `${[...types].join(" or ")} · ${tables.join(", ")}`,
      // What the text is about goes before what it might also say.
      boost: 20,
    })),
  );
}

function functionsOf({ functions }: Vocabulary): CompletionSource {
  return words(
    functions.map((each) => {
      const isCalled = each.signatures.some((signature) => signature.includes("("));
      return {
        label: each.name,
        type: "function",
        detail: each.kind === "scalar" ? each.category : each.kind,
        info: () => explained(each),
        apply: isCalled ? call : each.name,
      };
    }),
  );
}

/** Writes the name and the parentheses, unless they are there, and goes between them. */
function call(view: EditorView, { label }: Completion, from: number, to: number): void {
  const isOpen = view.state.sliceDoc(to, to + 1) === "(";
  view.dispatch({
    changes: { from, to, insert: isOpen ? label : `${label}()` },
    selection: { anchor: from + label.length + 1 },
    userEvent: "input.complete",
  });
}

function explained({ signatures, description, example }: SqlFunction): HTMLElement {
  const box = document.createElement("div");
  const line = (text: string, kind: string) => {
    const element = document.createElement("div");
    element.className = `cm-doc-${kind}`;
    element.textContent = text;
    box.append(element);
  };
  for (const signature of signatures) line(signature, "signature");
  line(description, "text");
  line(`${example.expression} → ${example.result}`, "example");
  return box;
}

/** Tables by their own names and by their full ones, each with its columns where they are known. */
function namespaceOf({ catalogs, columns }: Vocabulary): SQLNamespace {
  const namespace: Record<string, SQLNamespace> = {};
  const below = (table: string): SQLNamespace =>
    (columns[table] ?? []).map(({ name, type }) => ({
      label: name,
      apply: nameInSql(name),
      detail: type,
      type: "property",
    }));
  for (const { name: catalog, databases } of catalogs) {
    const inCatalog: Record<string, SQLNamespace> = {};
    for (const { name: database, tables } of databases) {
      const inDatabase = Object.fromEntries(tables.map(({ name }) => [name, below(name)]));
      inCatalog[database] = inDatabase;
      for (const { name } of tables) namespace[name] = below(name);
      namespace[database] ??= inDatabase;
    }
    namespace[catalog] ??= inCatalog;
  }
  for (const table of Object.keys(columns)) namespace[table] = below(table);
  return namespace;
}

/** Keywords that are functions too are offered once, with what they do. */
function keywordsBeside({ functions }: Vocabulary): CompletionSource {
  const known = new Set(functions.map(({ name }) => name.toUpperCase()));
  const keywords = keywordCompletionSource(flinkSql, true);
  return async (context) => {
    const found = await keywords(context);
    return (
      found && { ...found, options: found.options.filter(({ label }) => !known.has(label.toUpperCase())) }
    );
  };
}

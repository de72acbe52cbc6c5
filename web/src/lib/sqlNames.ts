/**
 * The names that a text of SQL speaks of, to complete from.
 *
 * A look, not a parse: it may miss a name or find one too many, and nothing but suggestions depends on it. What a text
 * means only the server says.
 */

import type { TableName } from "../api/catalog";
import type { CatalogTree } from "../api/types";

export interface NamedColumn {
  name: string;
  type: string;
}

const NAME = /`(?:[^`]|``)*`|[\p{L}_][\p{L}\p{N}_]*/gu;
const DEFINITION =
  /\bCREATE\s+(?:TEMPORARY\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?((?:`(?:[^`]|``)*`|[\p{L}\p{N}_]+)(?:\s*\.\s*(?:`(?:[^`]|``)*`|[\p{L}\p{N}_]+))*)\s*\(/giu;
/** What stands among columns and is none. */
const NO_COLUMN = /^(WATERMARK|PRIMARY|CONSTRAINT|UNIQUE|PERIOD|LIKE)\b/i;

/** The tables and views of the catalog that a text names, in the order of the catalog. */
export function tablesNamedIn(text: string, tree: CatalogTree): TableName[] {
  const said = new Set(Array.from(withoutLiterals(text).matchAll(NAME), ([name]) => unquoted(name)));
  return tree.catalogs.flatMap(({ name: catalog, databases }) =>
    databases.flatMap(({ name: database, tables }) =>
      tables.filter(({ name }) => said.has(name)).map(({ name }) => ({ catalog, database, table: name })),
    ),
  );
}

/** The tables that a text defines itself, with those of their columns whose type it says. */
export function tablesDefinedIn(text: string): Record<string, NamedColumn[]> {
  const plain = withoutLiterals(text);
  const tables: Record<string, NamedColumn[]> = {};
  for (const found of plain.matchAll(DEFINITION)) {
    const name = unquoted(Array.from((found[1] ?? "").matchAll(NAME), ([part]) => part).at(-1) ?? "");
    tables[name] = partsOf(plain, found.index + found[0].length)
      .filter((part) => !NO_COLUMN.test(part))
      .flatMap((part) => {
        const column = /^(`(?:[^`]|``)*`|[\p{L}_][\p{L}\p{N}_]*)\s*([\s\S]*)$/u.exec(part);
        if (!column?.[1]) return [];
        const type = (column[2] ?? "").replace(/\s+(NOT\s+NULL|COMMENT|METADATA|PRIMARY)\b[\s\S]*$/i, "");
        return [{ name: unquoted(column[1]), type: type.trim().replaceAll(/\s+/g, " ") }];
      });
  }
  return tables;
}

/** Comments and texts are blanked, so that what stands in them is no name. Places stay the same. */
function withoutLiterals(text: string): string {
  return text.replaceAll(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|`(?:[^`]|``)*`/g, (found) =>
    found.startsWith("`") ? found : found.replaceAll(/[^\n]/g, " "),
  );
}

/** What stands between the commas of a parenthesis that begins before `start`. */
function partsOf(text: string, start: number): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = start;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (character === "(" || character === "<") depth += 1;
    else if (depth > 0 && (character === ")" || character === ">")) depth -= 1;
    else if (depth === 0 && (character === "," || character === ")")) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
      if (character === ")") return parts;
    }
  }
  // It is being written: what is there so far counts.
  return [...parts, text.slice(from).trim()].filter((part) => part !== "");
}

function unquoted(name: string): string {
  return name.startsWith("`") ? name.slice(1, -1).replaceAll("``", "`") : name;
}

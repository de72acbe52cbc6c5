/**
 * The full name of a table as one text, for addresses.
 *
 * Parts are joined by dots; what could be mistaken (a dot, a back quote) stands in back quotes, as in SQL.
 */

import type { TableName } from "../api/catalog";

export function formatName({ catalog, database, table }: TableName): string {
  return [catalog, database, table].map(quoted).join(".");
}

/** `null` unless the text names catalog, database and table. */
export function parseName(text: string): TableName | null {
  const parts: string[] = [];
  const part = /`((?:[^`]|``)*)`|([^.`]+)/y;
  let at = 0;
  for (;;) {
    part.lastIndex = at;
    const found = part.exec(text);
    if (!found) return null;
    parts.push(found[2] ?? (found[1] ?? "").replaceAll("``", "`"));
    at = part.lastIndex;
    if (at === text.length) break;
    if (text[at] !== ".") return null;
    at += 1;
  }
  const [catalog, database, table] = parts;
  return parts.length === 3 && catalog && database && table ? { catalog, database, table } : null;
}

function quoted(part: string): string {
  return /[.`]/.test(part) ? `\`${part.replaceAll("`", "``")}\`` : part;
}

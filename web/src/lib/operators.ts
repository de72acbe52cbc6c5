/** Operators of a plan for people: what EXPLAIN writes for one, without what the reader knows already. */

export interface Explained {
  /** "Global window aggregate", "Source orders". */
  title: string;
  /** "keys shop · window TUMBLE(…)"; empty where there is nothing more to say. */
  detail: string;
}

/** `name` is the operator's, `line` its line of EXPLAIN: `Calc(select=[a, b], where=[(a > 5)])`. */
export function explainOperator(name: string, line: string): Explained {
  const inside = line.startsWith(`${name}(`) && line.endsWith(")") ? line.slice(name.length + 1, -1) : null;
  const title = spelledOut(name);
  if (inside === null) return { title, detail: line };
  const parts = partsOf(inside).map((part) => {
    const pair = /^(\w+)=\[([\s\S]*)\]$/.exec(part);
    return pair ? { key: pair[1] ?? "", value: pair[2] ?? "" } : { key: "", value: part };
  });
  const table = parts.find(({ key }) => key === "table")?.value;
  return {
    title: table ? `${title} ${shortName(table)}` : title,
    detail: parts
      .filter(({ key }) => key !== "table")
      .map(({ key, value }) => `${key} ${value}`.trim())
      .join(" · "),
  };
}

/** "GlobalWindowAggregate" → "Global window aggregate". */
function spelledOut(name: string): string {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, "$1 $2").split(" ");
  return words.map((word, index) => (index === 0 ? word : word.toLowerCase())).join(" ");
}

/** The last part of `catalog.database.table`. */
function shortName(full: string): string {
  return /(`(?:[^`]|``)*`|[^.`]+)$/.exec(full)?.[1]?.replaceAll("`", "") ?? full;
}

/** What stands between commas that are in no bracket. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    else if (character === "," && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...parts, text.slice(from).trim()].filter((part) => part !== "");
}

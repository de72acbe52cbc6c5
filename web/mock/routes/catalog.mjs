/** Tables, views, and the functions that SQL may call. */

import { ddlOf, FUNCTIONS, sampleRow } from "../data/catalog.mjs";
import { find, Problem, W } from "../http.mjs";

export function catalogRoutes(route) {
  route("GET", "/functions", () => ({ items: FUNCTIONS }));
  route("GET", `${W}/catalog`, ({ w }) => ({
    catalogs: Object.keys(w.databases).length > 0 ? [{ name: "default", databases: tablesOf(w) }] : [],
  }));
  route("GET", `${W}/catalog/tables/{c}/{d}/{t}`, (context) => {
    const table = tableOf(context);
    const options = table.connector
      ? { connector: table.connector, path: `/data/${table.name}`, format: "json" }
      : {};
    return { kind: table.kind, ddl: ddlOf(table), columns: table.columns, options, comment: null };
  });
  route("GET", `${W}/catalog/tables/{c}/{d}/{t}/sample`, (context) => {
    const { columns } = tableOf(context);
    const rows = Array.from({ length: Number(context.query.get("rows") ?? 20) }, (_, index) =>
      Object.fromEntries(columns.map((column) => [column.name, sampleRow(column, index)])),
    );
    return { columns: columns.map(({ name, type }) => ({ name, type })), rows };
  });
  route("POST", `${W}/catalog/statements`, ({ body }) => {
    if (!/^\s*(CREATE|ALTER|DROP)\b/i.test(body.sql)) {
      throw new Problem(422, "invalid", "this is not a definition", {
        hint: "CREATE, ALTER and DROP change the catalog.",
      });
    }
    return { messages: ["done"] };
  });
}

const tablesOf = (w) =>
  Object.entries(w.databases).map(([name, tables]) => ({
    name,
    tables: tables.map(({ name: table, kind, connector }) => ({ name: table, kind, connector })),
  }));
const tableOf = ({ w, params }) => find(w.databases[params.d] ?? [], "name", params.t, "table");

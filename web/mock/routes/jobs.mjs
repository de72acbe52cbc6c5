/** Drafts, versions, checking and trying. */

import { PLAN } from "../data/deployments.mjs";
import { at, id } from "../data/ids.mjs";
import { Answer, byName, checkRevision, find, Problem, page, W } from "../http.mjs";

const draftOf = ({ w, params }) => find(w.drafts, "id", params.id, "draft");

export function jobRoutes(route) {
  route("GET", `${W}/drafts`, ({ w, query }) => {
    const all = [...w.drafts].sort((a, b) => b.updated_at.localeCompare(a.updated_at));
    const found = page(all, query, byName);
    return {
      ...found,
      items: found.items.map(({ sql, settings, ...draft }) => ({
        ...draft,
        deployments: w.deployments
          .filter(({ draft_id }) => draft_id === draft.id)
          .map(({ id: deployment, name, phase, version }) => ({ id: deployment, name, phase, version })),
      })),
    };
  });
  route("POST", `${W}/drafts`, ({ w, body }) => {
    if (w.drafts.some(({ name }) => name === body.name)) {
      throw new Problem(409, "conflict", "something stands against it", {
        detail: `there is a draft '${body.name}'`,
      });
    }
    const now = at(Date.now());
    const draft = {
      id: id("dr"),
      workspace: w.name,
      revision: 1,
      created_at: now,
      updated_at: now,
      updated_by: "ada",
      ...body,
    };
    w.drafts.unshift(draft);
    w.versions.set(draft.id, []);
    return new Answer(201, draft);
  });
  route("GET", `${W}/drafts/{id}`, (context) => draftOf(context));
  route("PUT", `${W}/drafts/{id}`, (context) => {
    const draft = draftOf(context);
    if (context.body.sql.includes("conflict") && draft.updated_by !== "grace (elsewhere)") {
      draft.revision += 1;
      draft.sql = draft.sql.replace("SELECT", "SELECT /* theirs */");
      draft.updated_by = "grace (elsewhere)";
      draft.updated_at = at(Date.now());
    }
    checkRevision(context.request, draft);
    Object.assign(draft, context.body, {
      revision: draft.revision + 1,
      updated_at: at(Date.now()),
      updated_by: "ada",
    });
    return draft;
  });
  route("DELETE", `${W}/drafts/{id}`, (context) => {
    const draft = draftOf(context);
    checkRevision(context.request, draft);
    if (context.w.deployments.some(({ draft_id }) => draft_id === draft.id)) {
      throw new Problem(409, "conflict", "the job is deployed", { hint: "Delete its deployments first." });
    }
    context.w.drafts.splice(context.w.drafts.indexOf(draft), 1);
  });
  route("GET", `${W}/drafts/{id}/versions`, (context) => {
    const found = page(versionsOf(context), context.query);
    return { ...found, items: found.items.map(({ sql, settings, catalog_ddl, ...version }) => version) };
  });
  route("POST", `${W}/drafts/{id}/versions`, (context) => {
    const draft = draftOf(context);
    const { diagnostics } = check(draft.sql);
    if (diagnostics.length > 0) throw new Problem(422, "invalid", "the text does not check", { diagnostics });
    const versions = versionsOf(context);
    const version = {
      draft_id: draft.id,
      number: (versions[0]?.number ?? 0) + 1,
      sql: draft.sql,
      settings: draft.settings,
      catalog_ddl: "",
      content_hash: id("hash").slice(8),
      comment: context.body.comment,
      created_at: at(Date.now()),
      created_by: "ada",
    };
    versions.unshift(version);
    return new Answer(201, version);
  });
  route("GET", `${W}/drafts/{id}/versions/{n}`, (context) => versionOf(context));
  route("GET", `${W}/drafts/{id}/versions/{n}/diff`, (context) => {
    const after = versionOf(context).sql.split("\n");
    const before = find(
      versionsOf(context),
      "number",
      Number(context.query.get("against")),
      "version",
    ).sql.split("\n");
    const lines = [];
    let left = 0;
    for (const text of after) {
      const same = before.indexOf(text, left);
      if (same === -1) lines.push({ op: "+", text });
      else {
        for (; left < same; left += 1) lines.push({ op: "-", text: before[left] });
        lines.push({ op: " ", text });
        left += 1;
      }
    }
    for (; left < before.length; left += 1) lines.push({ op: "-", text: before[left] });
    return { lines };
  });
  route("POST", `${W}/drafts/{id}/versions/{n}/estimate`, (context) => {
    versionOf(context);
    return {
      parallelism: 2,
      memory_bytes: 768 * 1024 * 1024,
      reasons: [
        "a sampled run of 2 s read 1.1 million rows a second on one core; the source gives 10 thousand",
        "one hash exchange: two shards keep the window aggregate off the source's core",
        "61 MiB of state in the sample, times ten for the longest window, plus 128 MiB for buffers",
      ],
    };
  });
  route("POST", `${W}/drafts/{id}/rollback`, (context) => {
    const draft = draftOf(context);
    const { sql, settings } = find(versionsOf(context), "number", context.body.version, "version");
    return Object.assign(draft, { sql, settings, revision: draft.revision + 1, updated_at: at(Date.now()) });
  });

  route("POST", `${W}/validate`, ({ body }) => {
    const { diagnostics } = check(body.sql);
    const isBroken = diagnostics.some(({ severity }) => severity === "error");
    return {
      diagnostics,
      statements: [{ kind: "insert", start: 0, end: body.sql.length, line: 1 }],
      plan: isBroken || !/\bselect\b/i.test(body.sql) ? null : PLAN,
    };
  });

  route("POST", `${W}/preview`, ({ body, events }) => {
    const { diagnostics } = check(body.sql);
    const send = events();
    if (diagnostics.some(({ severity }) => severity === "error")) {
      send("failed", { diagnostics });
      send.end();
      return;
    }
    send("schema", {
      columns: [
        { name: "window_start", type: "TIMESTAMP(3) NOT NULL" },
        { name: "auction", type: "BIGINT" },
        { name: "bids", type: "BIGINT NOT NULL" },
        { name: "highest", type: "DECIMAL(12, 2)" },
        { name: "channel", type: "STRING" },
        { name: "seller", type: "ROW<`id` BIGINT, `city` STRING>" },
      ],
    });
    let step = 0;
    const counts = new Map();
    const rowOf = (auction, bids) => ({
      window_start: "2026-11-22 23:54:10.000",
      auction: `9007199254${String(740990 + auction).padStart(6, "0")}`,
      bids: String(bids),
      highest: (1000 + auction * 13.5 + bids).toFixed(2),
      channel: auction % 4 === 3 ? null : ["web", "app", "<i>phone</i>"][auction % 3],
      seller: { id: String(auction), city: ["Lisbon", "Utrecht", "Bergen"][auction % 3] },
    });
    send.every(120, () => {
      step += 1;
      const rows = [];
      for (let each = 0; each < 9; each += 1) {
        const auction = (step * 5 + each * 3) % 24;
        const bids = counts.get(auction) ?? 0;
        if (bids > 0) rows.push({ op: "-U", row: rowOf(auction, bids) });
        rows.push({ op: bids > 0 ? "+U" : "+I", row: rowOf(auction, bids + 1) });
        counts.set(auction, bids + 1);
      }
      // One with every step: the newest rows, which are all that a page shows, hold every kind of change.
      if (step > 3) {
        const [auction, bids] = counts.entries().next().value;
        rows.push({ op: "-D", row: rowOf(auction, bids) });
        counts.delete(auction);
      }
      send("rows", { rows });
      send("statistics", { rows_in: step * 1200, rows_out: step * 17, watermark: at(Date.now() - 1_000) });
      if (step >= 60) {
        send("end", { reason: "limit" });
        send.end();
      }
    });
  });
}

const versionsOf = (context) => context.w.versions.get(draftOf(context).id) ?? [];
const versionOf = (context) => find(versionsOf(context), "number", Number(context.params.n), "version");

/** What a checker might say: one unknown column, one misspelt keyword, one warning. */
function check(sql) {
  const diagnostics = [];
  const report = (pattern, severity, kind, message, hint) => {
    const found = pattern.exec(sql);
    if (!found) return;
    const place = (offset) => {
      const before = sql.slice(0, offset).split("\n");
      return [before.length, [...before.at(-1)].length + 1];
    };
    const [line, column] = place(found.index);
    const [end_line, end_column] = place(found.index + found[0].length);
    diagnostics.push({
      severity,
      kind,
      message,
      hint,
      span: { line, column, end_line, end_column, start: found.index, end: found.index + found[0].length },
    });
  };
  report(/\bpric\b/, "error", "validation", "column 'pric' not found", "did you mean 'price'?");
  report(/\bFORM\b/, "error", "parse", "unexpected 'FORM'; expected ',' or FROM", "did you mean FROM?");
  report(/\bHAVING COUNT\(\*\) >= 1\b/, "warning", "validation", "this is true of every group", null);
  return { diagnostics };
}

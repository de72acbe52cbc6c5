/** What the routes of the mock share: problems, pages, revisions, streams. */

export class Problem extends Error {
  constructor(status, slug, title, more = {}) {
    super(title);
    this.body = { type: `urn:oceanus:problem:${slug}`, title, status, ...more };
  }
}

/** An answer with another status than 200 or 204, or with headers. */
export class Answer {
  constructor(status, body, headers = {}) {
    Object.assign(this, { status, body, headers });
  }
}

export const W = "/workspaces/{ws}";

export function find(items, key, value, noun) {
  const found = items.find((each) => each[key] === value);
  if (!found) {
    throw new Problem(404, "not-found", `there is no such ${noun}`, {
      detail: `${noun} '${value}' does not exist`,
    });
  }
  return found;
}

export function page(items, query, matches = () => true) {
  const q = (query.get("q") ?? "").toLowerCase();
  const found = q ? items.filter((item) => matches(item, q)) : items;
  const from = Number(query.get("cursor") ?? 0);
  const limit = Math.min(200, Number(query.get("limit") ?? 50));
  const next = from + limit < found.length ? String(from + limit) : null;
  return { items: found.slice(from, from + limit), next_cursor: next };
}

export const byName = (item, q) => item.name.toLowerCase().includes(q);

export function checkRevision(request, thing) {
  const given = request.headers["if-match"];
  if (!given) {
    throw new Problem(428, "precondition-required", "a precondition is needed", {
      hint: "Send the ETag as If-Match.",
    });
  }
  if (given !== `"${thing.revision}"`) throw new Problem(412, "stale", "it was changed meanwhile");
}

/** Opens the answer as a stream of server-sent events; `every` and `end` belong to it. */
export function streamOn(response) {
  return () => {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    const timers = [];
    const send = (event, data) => response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    send.every = (ms, tell) => timers.push(setInterval(tell, ms));
    send.end = () => {
      timers.forEach(clearInterval);
      response.end();
    };
    response.on("close", () => timers.forEach(clearInterval));
    return send;
  };
}

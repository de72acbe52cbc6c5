import { afterEach, expect, it, vi } from "vitest";
import { ApiError, api, path, setCsrfToken } from "./client";

interface Call {
  url: string;
  init: RequestInit & { headers: Record<string, string> };
}

function serve(...answers: (Response | Error)[]): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (url: string, init: Call["init"]) => {
    calls.push({ url, init });
    const answer = answers.shift();
    if (!answer || answer instanceof Error) throw answer ?? new Error("no more answers");
    return answer;
  });
  return calls;
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });

afterEach(() => {
  vi.unstubAllGlobals();
  setCsrfToken(null);
});

it("makes an error of a problem with its hint and its places", async () => {
  const diagnostic = {
    severity: "error",
    kind: "parse",
    message: "unexpected 'FORM'",
    hint: null,
    span: null,
  };
  serve(
    json(
      { title: "wrong SQL", status: 422, detail: "one error", hint: "fix it", diagnostics: [diagnostic] },
      422,
    ),
  );
  const error = await api.post("/x", {}).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 422, title: "wrong SQL", hint: "fix it", diagnostics: [diagnostic] });
});

it("makes an error of an answer that is no problem document", async () => {
  serve(new Response("<html>bad gateway</html>", { status: 502, statusText: "Bad Gateway" }));
  await expect(api.get("/x")).rejects.toMatchObject({ status: 502, title: "Bad Gateway" });
});

it("says that the server cannot be reached", async () => {
  serve(new TypeError("failed to fetch"));
  await expect(api.get("/x")).rejects.toMatchObject({ status: 0, title: "the server cannot be reached" });
});

it("sends the revision it read as a precondition, and the CSRF token with unsafe methods only", async () => {
  setCsrfToken("secret");
  const calls = serve(json({}), json({}));
  await api.put("/x", { a: 1 }, { revision: 7 });
  await api.get("/x");
  expect(calls[0]?.init.headers).toMatchObject({ "If-Match": '"7"', "X-CSRF-Token": "secret" });
  expect(calls[1]?.init.headers["X-CSRF-Token"]).toBeUndefined();
});

it("tells a stale revision from other errors", async () => {
  serve(json({ title: "changed meanwhile" }, 412));
  await expect(api.put("/x", {}, { revision: 1 })).rejects.toMatchObject({ isStale: true });
});

it("repeats a POST that the network lost, with the same key", async () => {
  const calls = serve(new TypeError("reset"), json({ id: "dr_1" }));
  await expect(api.post("/x", {})).resolves.toEqual({ id: "dr_1" });
  expect(calls).toHaveLength(2);
  expect(calls[0]?.init.headers["Idempotency-Key"]).toBe(calls[1]?.init.headers["Idempotency-Key"]);
});

it("leaves empty query parameters out and escapes the others", async () => {
  const calls = serve(json({}));
  await api.get("/x", { query: { q: "a&b", cursor: undefined, limit: 5, run: "" } });
  expect(calls[0]?.url).toBe("/api/v1/x?q=a%26b&limit=5");
});

it("builds paths whose parts cannot break out", () => {
  expect(path`/workspaces/${"a/../b"}/drafts/${"?x"}`).toBe("/workspaces/a%2F..%2Fb/drafts/%3Fx");
});

it("hands over server-sent events", async () => {
  serve(new Response("event: end\ndata: {}\n\n"));
  const events = [];
  for await (const event of api.events("POST", "/preview", {})) events.push(event.event);
  expect(events).toEqual(["end"]);
});

/**
 * The way to the server: JSON over fetch.
 *
 * Every failure is an `ApiError`, be it a problem the server described, a broken answer or a dead network. Cookies carry
 * the session; unsafe methods send the session's CSRF token; POSTs carry an idempotency key so that one lost on the way
 * can be sent again without doing its work twice.
 */

import { parseExact } from "./json";
import { Reachability } from "./reachability";
import { readEvents, type ServerEvent } from "./sse";
import type { Diagnostic, Problem } from "./types";

const BASE = "/api/v1";
/** Where people sign in and out. */
export const SESSION = "/session";

/** How often a POST is tried when the network loses it. */
const POST_TRIES = 2;

export class ApiError extends Error {
  override name = "ApiError";
  constructor(
    /** The HTTP status; 0 when no answer came. */
    readonly status: number,
    readonly title: string,
    readonly detail: string | null = null,
    readonly hint: string | null = null,
    readonly diagnostics: Diagnostic[] = [],
  ) {
    super(detail ? `${title}: ${detail}` : title);
  }

  /** Someone else changed the thing since it was read. */
  get isStale(): boolean {
    return this.status === 412;
  }
}

let csrfToken: string | null = null;

export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

export const reachability = new Reachability(async () => {
  try {
    await fetch(`${BASE}/health`, { cache: "no-store" });
    return true;
  } catch {
    return false;
  }
});

let onSignedOut: () => void = () => {};

/** Who is to be told that the session is over, whichever request found out. */
export function tellWhenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

export interface RequestOptions {
  signal?: AbortSignal;
  /** The revision that was read; sent as `If-Match`, so that a newer one is not overwritten. */
  revision?: number;
  query?: Record<string, string | number | undefined | null>;
  /** Keep numbers that JavaScript cannot hold as texts. */
  exactNumbers?: boolean;
}

export const api = {
  get: <T>(path: string, options?: RequestOptions) => request<T>("GET", path, undefined, options),
  post: <T>(path: string, body?: unknown, options?: RequestOptions) =>
    request<T>("POST", path, body, options),
  put: <T>(path: string, body: unknown, options?: RequestOptions) => request<T>("PUT", path, body, options),
  patch: <T>(path: string, body: unknown, options?: RequestOptions) =>
    request<T>("PATCH", path, body, options),
  delete: <T = void>(path: string, options?: RequestOptions) =>
    request<T>("DELETE", path, undefined, options),
  events,
};

async function request<T>(
  method: string,
  path: string,
  body: unknown,
  options: RequestOptions = {},
): Promise<T> {
  const response = await send(method, path, body, "application/json", options);
  const text = await response.text();
  if (text === "") return undefined as T;
  try {
    return (options.exactNumbers ? parseExact(text) : JSON.parse(text)) as T;
  } catch {
    throw new ApiError(response.status, "the server's answer is not JSON", text.slice(0, 200));
  }
}

/** Reads server-sent events until the stream ends or `signal` aborts it. */
async function* events(
  method: "GET" | "POST",
  path: string,
  body: unknown,
  options: RequestOptions = {},
): AsyncGenerator<ServerEvent> {
  const response = await send(method, path, body, "text/event-stream", options);
  if (!response.body) throw new ApiError(response.status, "the server sent no stream");
  try {
    yield* readEvents(response.body);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    reachability.suspect();
    throw new ApiError(0, "the stream broke off", error instanceof Error ? error.message : null);
  }
}

async function send(
  method: string,
  path: string,
  body: unknown,
  accept: string,
  options: RequestOptions,
): Promise<Response> {
  const headers: Record<string, string> = { Accept: `${accept}, application/problem+json` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET" && csrfToken) headers["X-CSRF-Token"] = csrfToken;
  if (method === "POST") headers["Idempotency-Key"] = randomKey();
  if (options.revision !== undefined) headers["If-Match"] = `"${options.revision}"`;
  const init: RequestInit = {
    method,
    headers,
    credentials: "same-origin",
    ...(options.signal && { signal: options.signal }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
  const tries = method === "POST" && accept === "application/json" ? POST_TRIES : 1;
  const response = await reach(BASE + path + queryText(options.query), init, tries);
  if (response.ok) return response;
  const problem = await problemOf(response);
  // A refused sign-in ends no session.
  if (problem.status === 401 && !(method === "POST" && path === SESSION)) onSignedOut();
  throw problem;
}

async function reach(url: string, init: RequestInit, tries: number): Promise<Response> {
  for (let left = tries; ; left -= 1) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (init.signal?.aborted) throw error;
      if (left <= 1) {
        reachability.suspect();
        throw new ApiError(0, "the server cannot be reached", null, "Check that it runs, then try again.");
      }
    }
  }
}

export async function problemOf(response: Response): Promise<ApiError> {
  const fallback = response.statusText || `status ${response.status}`;
  const text = await response.text().catch(() => "");
  try {
    return errorOf({ title: fallback, ...(JSON.parse(text) as Partial<Problem>), status: response.status });
  } catch {
    return new ApiError(response.status, fallback, text.slice(0, 200) || null);
  }
}

export function errorOf({ status, title, detail, hint, diagnostics }: Omit<Problem, "type">): ApiError {
  return new ApiError(status, title, detail ?? null, hint ?? null, diagnostics ?? []);
}

function queryText(query: RequestOptions["query"]): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return text ? `?${text}` : "";
}

// Not `crypto.randomUUID`: it is missing where the console is reached without TLS.
function randomKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

/** A path whose parts cannot break out of their place. */
export function path(strings: TemplateStringsArray, ...parts: (string | number)[]): string {
  return strings.reduce(
    (whole, text, index) =>
      whole + text + (index < parts.length ? encodeURIComponent(parts[index] ?? "") : ""),
    "",
  );
}

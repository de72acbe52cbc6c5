// @ts-check
/**
 * A real server with a data folder of its own, for one story: it listens on a free port of this machine, and all that it
 * has started ends with it.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const START_MS_MAX = 30_000;
const END_MS_MAX = 10_000;
const ADMIN = "admin";

/** @typedef {Awaited<ReturnType<typeof startPlatform>>} Platform */

/**
 * @param {string[]} [flags] of `oceanus serve`: `--demo`, `--single-user`
 */
export async function startPlatform(flags = []) {
  const folder = mkdtempSync(join(tmpdir(), "oceanus-e2e-"));
  const data = join(folder, "data");
  const server = spawn(binary(), ["serve", "--data", data, "--listen", "127.0.0.1:0", ...flags], {
    env: withoutSettings(process.env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  server.stderr.on("data", (text) => {
    said += text;
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const url = await new Promise((resolve, reject) => {
    const failed = (/** @type {string} */ why) => reject(new Error(`the server ${why}:\n${said}`));
    const timer = setTimeout(() => failed("is not ready"), START_MS_MAX);
    server.stdout.on("data", (text) => {
      said += text;
      const found = /ready at (\S+)/.exec(said);
      if (found) resolve(found[1]);
    });
    ended.then(() => failed("has ended"));
    ended.finally(() => clearTimeout(timer));
  });
  const isSingleUser = flags.includes("--single-user");
  const password = isSingleUser ? "" : readFileSync(join(data, "initial-password"), "utf8").trim();
  const api = await callerOf(url, isSingleUser ? null : password);
  return {
    /** @type {string} */
    url,
    name: ADMIN,
    password,
    api,
    async close() {
      server.kill("SIGTERM");
      const timer = setTimeout(() => server.kill("SIGKILL"), END_MS_MAX);
      await ended;
      clearTimeout(timer);
      // Jobs outlive their server; nobody is to find them here later.
      for (const pid of processesOf(folder)) process.kill(pid, "SIGKILL");
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/**
 * The API with a session of its own, for what a story needs and is not about.
 *
 * @param {string} url
 * @param {string | null} password none where nobody signs in
 */
async function callerOf(url, password) {
  const base = `${url}/api/v1`;
  const headers = { "Content-Type": "application/json", Origin: url };
  const session = await fetch(`${base}/session`, {
    headers,
    ...(password !== null && { method: "POST", body: JSON.stringify({ name: ADMIN, password }) }),
  });
  if (!session.ok) throw new Error(await session.text());
  const cookie = (session.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const { csrf_token } = await session.json();
  /** @param {string} method @param {string} path @param {unknown} [body] */
  return async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      headers: { ...headers, Cookie: cookie, "X-CSRF-Token": csrf_token },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
}

function binary() {
  const target = process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL("../../target", import.meta.url));
  const path = process.env.OCEANUS ?? join(target, "debug", "oceanus");
  if (!existsSync(path)) throw new Error(`there is no ${path}: build it by 'cargo build -p oceanus'`);
  return path;
}

/** What someone has set for servers of their own is not for this one. @param {NodeJS.ProcessEnv} environment */
function withoutSettings(environment) {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith("OCEANUS_")));
}

/** The processes that were started with a path below a folder. @param {string} folder */
function processesOf(folder) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return pid !== process.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(folder);
      } catch {
        // It has ended meanwhile.
        return false;
      }
    });
}

/**
 * Screenshots of every page, in light and dark, from the built console and the mock server.
 *
 * `npm run build && npm run screenshots [-- name-part]`; pictures land in `$SCREENSHOTS` or `web/screenshots`. Fails if a
 * page logs an error, leaves an exception, or axe finds something serious on it.
 */

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const PORT = 8199;
const BASE = `http://127.0.0.1:${PORT}`;
const OUT = process.env.SCREENSHOTS ?? fileURLToPath(new URL("../screenshots", import.meta.url));
const only = process.argv[2] ?? "";

async function startMock() {
  const started = spawn(process.execPath, [
    fileURLToPath(new URL("../mock/server.mjs", import.meta.url)),
    String(PORT),
  ]);
  await new Promise((resolve) => started.stdout.once("data", resolve));
  return started;
}

let mock = await startMock();
const profile = mkdtempSync(join(tmpdir(), "oceanus-chromium-"));
mkdirSync(OUT, { recursive: true });

const api = async (path) => (await fetch(`${BASE}/api/v1${path}`)).json();
const idOf = async (noun, name) =>
  (await api(`/workspaces/demo/${noun}?q=${encodeURIComponent(name)}`)).items[0].id;
const auctions = await idOf("drafts", "hot auctions");
const fraud = await idOf("drafts", "card fraud");
const running = await idOf("deployments", "hot auctions");
const failed = await idOf("deployments", "card fraud");
const recovering = await idOf("deployments", "late shipments");

const editor = ".cm-content";
const type = async (page, text) => {
  await page.click(editor);
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
};

/** Name, address, what to do before the picture. */
const SHOTS = [
  ["sign-in", "/sign-in"],
  [
    "sign-in-refused",
    "/sign-in",
    async (page) => {
      await page.fill("[name=name]", "ada");
      await page.fill("[name=password]", "wrong");
      await page.click("button[type=submit]");
      await page.waitForSelector("text=do not fit");
    },
  ],
  ["home", "/w/demo"],
  ["home-empty", "/w/empty"],
  ["home-error", "/w/broken"],
  ["home-loading", "/w/slow"],
  ["jobs", "/w/demo/jobs"],
  ["jobs-search-none", "/w/demo/jobs?q=nothing"],
  ["jobs-empty", "/w/empty/jobs"],
  ["jobs-new", "/w/demo/jobs", (page) => page.click("text=New job")],
  [
    "job",
    `/w/demo/jobs/${auctions}`,
    async (page) => {
      await page.waitForSelector("text=checked");
    },
  ],
  [
    "job-run",
    `/w/demo/jobs/${auctions}`,
    async (page) => {
      await page.waitForSelector(editor);
      await page.click(editor);
      await page.keyboard.press("Control+Enter");
      await page.waitForTimeout(2600);
      await page.click("button:has-text('Stop')");
    },
  ],
  [
    "job-table",
    `/w/demo/jobs/${auctions}?view=table`,
    async (page) => {
      await page.click("button:has-text('Run')");
      await page.waitForTimeout(2000);
      await page.click("tbody tr >> nth=3");
    },
  ],
  [
    "job-problems",
    `/w/demo/jobs/${auctions}?panel=problems`,
    async (page) => {
      await type(page, "SELECT pric FORM bids;");
      await page.waitForSelector("text=did you mean FROM?");
    },
  ],
  ["job-plan", `/w/demo/jobs/${fraud}?panel=plan`, (page) => page.waitForSelector(".react-flow__node")],
  [
    "job-conflict",
    `/w/demo/jobs/${auctions}`,
    async (page) => {
      await type(page, "-- conflict");
      await page.click("text=Compare");
      await page.waitForSelector("text=Theirs (−)");
    },
  ],
  ["job-versions", `/w/demo/jobs/${auctions}?tab=versions`],
  ["job-settings", `/w/demo/jobs/${auctions}?tab=settings`],
  [
    "job-deploy",
    `/w/demo/jobs/${auctions}?tab=versions&version=3`,
    async (page) => {
      await page.click("text=Deploy it");
      await page.waitForSelector("text=one hash exchange");
    },
  ],
  ["job-missing", "/w/demo/jobs/dr_none"],
  ["deployments", "/w/demo/deployments"],
  [
    "deployment",
    `/w/demo/deployments/${running}`,
    async (page) => {
      await page.waitForSelector(".react-flow__node");
      await page.waitForTimeout(1500);
    },
  ],
  ["deployment-failed", `/w/demo/deployments/${failed}`, (page) => page.waitForSelector(".react-flow__node")],
  ["deployment-recovering", `/w/demo/deployments/${recovering}?tab=runs`],
  ["deployment-logs", `/w/demo/deployments/${running}?tab=logs`, (page) => page.waitForTimeout(800)],
  ["deployment-sql", `/w/demo/deployments/${running}?tab=sql`],
  [
    "deployment-upgrade",
    `/w/demo/deployments/${running}`,
    async (page) => {
      await page.click("button:has-text('Upgrade')");
      await page.waitForTimeout(400);
      await page.selectOption("[role=dialog] select", "2");
      await page.waitForSelector("[role=dialog] table");
    },
  ],
  ["catalog", "/w/demo/catalog?table=default.auctions.events"],
  [
    "catalog-sample",
    "/w/demo/catalog?table=default.shop.payments&tab=sample",
    (page) => page.waitForSelector("tbody td"),
  ],
  ["catalog-ddl", "/w/demo/catalog?table=default.shop.payments&tab=ddl"],
  ["catalog-new", "/w/demo/catalog", (page) => page.click("text=New table")],
  ["catalog-empty", "/w/empty/catalog"],
  ["connections", "/w/demo/connections"],
  ["connections-edit", "/w/demo/connections", (page) => page.click("[aria-label='Edit orders-kafka']")],
  ["secrets", "/w/demo/secrets"],
  ["secrets-new", "/w/demo/secrets", (page) => page.click("text=New secret")],
  ["members", "/w/demo/members"],
  ["tokens", "/w/demo/tokens"],
  [
    "tokens-made",
    "/w/demo/tokens",
    async (page) => {
      await page.click("text=New token");
      await page.fill("[role=dialog] input", "my laptop");
      await page.click("text=Make the token");
      await page.waitForSelector("text=Copy it now");
    },
  ],
  ["users", "/w/demo/users"],
  ["audit", "/w/demo/audit?event=5229"],
  [
    "palette",
    "/w/demo/jobs",
    async (page) => {
      await page.keyboard.press("Control+k");
      await page.waitForTimeout(300);
      await page.keyboard.type("auc");
      await page.waitForTimeout(500);
    },
  ],
  ["new-workspace", "/new-workspace"],
  ["not-found", "/w/demo/nowhere"],
];

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What stands in the way of someone, as axe sees it. */
async function barriers(page) {
  await page.addScriptTag({ path: AXE });
  const violations = await page.evaluate(async () => (await globalThis.axe.run(document)).violations);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id: rule, nodes }) =>
        `${rule}: ${nodes
          .slice(0, 4)
          .map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`)
          .join(" | ")}`,
    );
}

const problems = [];
const browser = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  viewport: { width: 1360, height: 820 },
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
});
try {
  for (const scheme of ["light", "dark"]) {
    // What the pictures of one scheme wrote is forgotten before the other.
    const gone = new Promise((resolve) => mock.once("exit", resolve));
    mock.kill();
    await gone;
    mock = await startMock();
    for (const [name, address, prepare] of SHOTS) {
      if (!`${name}-${scheme}`.includes(only)) continue;
      const page = await browser.newPage();
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      page.on("pageerror", (error) => problems.push(`${name} ${scheme}: ${error.message}`));
      page.on("console", (message) => {
        // Refusals that a shot asks for are logged by the browser itself.
        if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
          problems.push(`${name} ${scheme}: ${message.text()}`);
        }
      });
      try {
        await page.goto(BASE + address, { waitUntil: "domcontentloaded" });
        await page.waitForSelector("h1");
        await page.waitForTimeout(450);
        await prepare?.(page);
        await page.waitForTimeout(350);
      } catch (error) {
        problems.push(`${name} ${scheme}: ${String(error).split("\n")[0]}`);
      }
      for (const problem of await barriers(page)) problems.push(`${name} ${scheme}: ${problem}`);
      await page.screenshot({ path: join(OUT, `${name}-${scheme}.png`) });
      await page.close();
    }
  }
} finally {
  await browser.close();
  mock.kill();
  rmSync(profile, { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(`${OUT}: done, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;

/**
 * The console's story in a real browser, against the mock server: sign in, write, check, run, keep, deploy, stop, roll
 * back. `npm run build && npm run e2e`. Stops at the first step that fails, with a picture beside the profile.
 */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const PORT = 8198;
const BASE = `http://127.0.0.1:${PORT}`;
const STEP_TIMEOUT_MS = 10_000;

const mock = spawn(
  process.execPath,
  [fileURLToPath(new URL("../mock/server.mjs", import.meta.url)), String(PORT)],
  { env: { ...process.env, MOCK_SIGNED_OUT: "1" } },
);
await new Promise((resolve) => mock.stdout.once("data", resolve));
const folder = mkdtempSync(join(tmpdir(), "oceanus-e2e-"));
const browser = await chromium.launchPersistentContext(join(folder, "profile"), {
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
const page = await browser.newPage();
page.setDefaultTimeout(STEP_TIMEOUT_MS);
const thrown = [];
page.on("pageerror", (error) => thrown.push(error.message));

const press = (key) => page.keyboard.press(key);
const type = (text) => page.keyboard.type(text);
const dialog = "[role=dialog]";
const changes = "[aria-label=Changes]";

/** What is done, in order. */
const STEPS = [
  [
    "a deep link asks to sign in",
    async () => {
      await page.goto(`${BASE}/w/demo/secrets`);
      await page.waitForURL(/sign-in\?to=/);
    },
  ],
  [
    "signing in by keyboard leads there",
    async () => {
      await page.waitForSelector("[name=name]");
      await type("ada");
      await press("Tab");
      await type("password");
      await press("Enter");
      await page.waitForURL(/\/w\/demo\/secrets/);
    },
  ],
  [
    "a secret is set",
    async () => {
      await page.click("text=New secret");
      await page.waitForSelector(dialog);
      await type("abc");
      await press("Tab");
      await type("value");
      await press("Enter");
      await page.waitForSelector("text=secret.abc}");
    },
  ],
  [
    "a job starts from a template",
    async () => {
      await page.click("nav >> text=Jobs");
      await page.click("text=New job");
      await page.click("text=A table that changes");
      await page.waitForURL(/jobs\/dr_/);
      await page.waitForSelector(".cm-content");
    },
  ],
  [
    "it is renamed and saves itself",
    async () => {
      await page.fill("[aria-label='Name of the job']", "my clicks");
      await press("Enter");
      await page.waitForSelector("[role=status]:has-text('saved')");
    },
  ],
  [
    "a wrong text is marked at its place",
    async () => {
      await page.click(".cm-content");
      await press("Control+End");
      await type("SELECT pric FROM clicks;");
      await page.waitForSelector(".cm-lintRange-error");
      await page.click("text=1 error");
      await page.click("text=column 'pric' not found");
    },
  ],
  [
    "a wrong text cannot be kept, and the dialog says why",
    async () => {
      await page.click("text=Keep version");
      await page.click(`${dialog} >> text=Keep it`);
      await page.waitForSelector(`${dialog} >> text=column 'pric' not found`);
      await press("Escape");
    },
  ],
  [
    "corrected, it checks",
    async () => {
      await page.click(".cm-content");
      await press("Control+End");
      for (let letters = "SELECT pric FROM clicks;".length; letters > 0; letters -= 1)
        await press("Backspace");
      await page.waitForSelector("text=checked");
    },
  ],
  [
    "Control+Enter brings rows",
    async () => {
      await press("Control+Enter");
      await page.waitForSelector(`${changes} tbody tr`);
    },
  ],
  [
    "Escape and Tab leave the editor",
    async () => {
      await press("Escape");
      await press("Tab");
      await page.waitForFunction(() => document.activeElement?.closest(".cm-editor") === null);
    },
  ],
  [
    "arrow keys choose a row",
    async () => {
      await page.focus(changes);
      await press("ArrowDown");
      await press("ArrowDown");
      await page.waitForSelector("aside >> text=Row 2");
      await press("Escape");
    },
  ],
  [
    "it is deployed with an estimate",
    async () => {
      await page.click("button:has-text('Deploy')");
      await page.click("text=Keep it and estimate");
      await page.waitForSelector("text=one hash exchange");
      await page.click(`${dialog} button:has-text('Deploy')`);
      await page.waitForURL(/deployments\/dp_/);
      await page.waitForSelector("[data-phase=running]");
    },
  ],
  [
    "it is suspended, started, stopped and deleted",
    async () => {
      await page.click("text=Suspend");
      await page.waitForSelector("[data-phase=suspended]");
      await page.click("button:has-text('Start')");
      await page.waitForSelector("[data-phase=running]");
      await page.click("button:has-text('Stop')");
      await page.click(`${dialog} >> text=Stop it`);
      await page.waitForSelector("[data-phase=stopped]");
      await page.click("[aria-label='More about this deployment']");
      await page.click("text=Delete the deployment");
      await page.click(`${dialog} >> text=Delete it`);
      await page.waitForURL(/deployments$/);
    },
  ],
  [
    "the palette finds another job",
    async () => {
      await press("Control+k");
      await page.waitForSelector("[placeholder^='Find a job']");
      await type("hot auctions");
      await page.waitForSelector("[data-selected]:has-text('hot auctions')");
      await press("Enter");
      await page.waitForURL(/jobs\/dr_/);
    },
  ],
  [
    "which is rolled back",
    async () => {
      await page.click("[role=tab]:has-text('Versions')");
      await page.click("text=first");
      await page.click("text=Roll back to it");
      await page.click(`${dialog} button:has-text('Roll back')`);
      await page.waitForSelector("text=is version 1 again");
      await page.click("[role=tab]:has-text('SQL')");
      await page.waitForSelector(".cm-content:has-text(\"'30'\")");
    },
  ],
  [
    "going back undoes a change of tabs",
    async () => {
      await page.click("[role=tab]:has-text('Settings')");
      await page.waitForURL(/tab=settings/);
      await page.goBack();
      await page.waitForURL((url) => !url.search.includes("tab=settings"));
    },
  ],
  [
    "another workspace has nothing of this one",
    async () => {
      await page.click("text=Workspace:");
      await page.click("[role=menuitem]:has-text('Nothing yet')");
      await page.waitForSelector("text=Nothing here yet");
    },
  ],
  [
    "signing out ends it",
    async () => {
      await page.click("text=Signed in:");
      await page.click("text=Sign out");
      await page.waitForURL(/sign-in/);
    },
  ],
];

let passed = 0;
try {
  for (const [name, act] of STEPS) {
    await act();
    if (thrown.length > 0) throw new Error(thrown.join("; "));
    passed += 1;
    console.log(`ok: ${name}`);
  }
} catch (error) {
  await page.screenshot({ path: join(folder, "failed.png") });
  console.error(`failed: ${STEPS[passed][0]}: ${error.message}\nsee ${folder}/failed.png`);
  process.exitCode = 1;
} finally {
  await browser.close();
  mock.kill();
}
if (!process.exitCode) rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${process.exitCode ? 1 : 0} failed`);

// @ts-check
/**
 * The pictures of the README: the demo on the real server, after it has run for a while. `npm run pictures` writes them
 * to `docs/`; take them anew when the pages that they show have changed.
 */

import { mkdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openBrowser, openPage } from "./browser.mjs";
import { comesTo, EDITOR } from "./hands.mjs";
import { startPlatform } from "./platform.mjs";

const FOLDER = fileURLToPath(new URL("../../docs", import.meta.url));
const BYTES_MAX = 200_000;
/** Until the charts have something to tell. */
const RUN_MS = 100_000;
const SIZE = { width: 1360, height: 850 };

const [browser, platform] = await Promise.all([openBrowser(), startPlatform(["--demo", "--single-user"])]);
mkdirSync(FOLDER, { recursive: true });
try {
  await job();
  await deployment();
} finally {
  await browser.close();
  await platform.close();
}

/** Rows that arrive under the text that they come from. */
async function job() {
  const { page } = await openPage(browser, { baseURL: platform.url, viewport: SIZE });
  const { items } = await platform.api("GET", "/workspaces/demo/drafts?q=Channel%20trends");
  await page.goto(`/w/demo/jobs/${items[0].id}`);
  await page.waitForSelector("text=checked");
  await page.click(EDITOR);
  await page.keyboard.press("Control+Enter");
  await page.waitForFunction(
    () => document.querySelectorAll("[aria-label=Changes] tbody tr[data-op]").length > 12,
    undefined,
    { timeout: 60_000 },
  );
  await take(page, "console-job");
}

/** What flows through a job that runs. */
async function deployment() {
  const { page } = await openPage(browser, {
    baseURL: platform.url,
    viewport: SIZE,
    colorScheme: "dark",
  });
  const { items } = await platform.api("GET", "/workspaces/demo/deployments");
  await page.goto(`/w/demo/deployments/${items[0].id}`);
  await comesTo(page, "running");
  await page.waitForSelector("canvas");
  await page.waitForTimeout(RUN_MS);
  await take(page, "console-deployment");
}

/** @param {import("playwright-core").Page} page @param {string} name */
async function take(page, name) {
  const path = `${FOLDER}/${name}.png`;
  await page.screenshot({ path });
  const { size } = statSync(path);
  console.log(`${path}: ${size} bytes`);
  if (size > BYTES_MAX) throw new Error(`${name} is larger than ${BYTES_MAX} bytes`);
}

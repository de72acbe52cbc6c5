// @ts-check
/**
 * Names, texts and rows that are written to run in someone else's browser: wherever they are shown they are text.
 *
 * The content policy would stop most of them; the stories do not lean on it. No element may have been made of them.
 */

import { equal } from "node:assert/strict";
import { comesTo, EDITOR, go, ORDERS, signIn } from "../hands.mjs";
import { story } from "../story.mjs";

/** @typedef {import("playwright-core").Page} Page */

const IMAGE = '<img src=hostile onerror="window.hostile=1">';
const SCRIPT = "<script>window.hostile=1</script>";
const LINK = '"><a href="javascript:window.hostile=1">hostile</a>';

const QUERY = `SELECT '${IMAGE}' AS \`${SCRIPT}\`, ROW('${LINK}', shop) AS nested, ARRAY['${SCRIPT}'] AS list FROM orders;`;
const JOB = `INSERT INTO sink SELECT '${IMAGE}' FROM orders;`;
const FAILING = `INSERT INTO sink SELECT CAST(CAST('${IMAGE}' AS INT) AS STRING) FROM orders;`;

let job = "";
let deployment = "";

/** Waits until the text is shown as it is, and looks for what must not be there. @param {Page} page @param {string} text */
async function isText(page, text) {
  await page.waitForFunction((wanted) => document.body.textContent.includes(wanted), text);
  await nothingRan(page);
}

/** @param {Page} page */
async function nothingRan(page) {
  const found = await page.evaluate(() => ({
    ran: "hostile" in window,
    made: document.querySelectorAll("img, script:not([src]), a[href^='javascript:'], [onerror], iframe")
      .length,
  }));
  equal(JSON.stringify(found), JSON.stringify({ ran: false, made: 0 }));
}

story("hostile names and rows", {
  "they are let in": async ({ page, platform }) => {
    const { api } = platform;
    page.on("dialog", (dialog) => {
      throw new Error(`a dialog: ${dialog.message()}`);
    });
    await api("POST", "/workspaces", { name: "shop", display_name: IMAGE });
    const sql = `${ORDERS}
      CREATE TABLE sink (s STRING) COMMENT '${SCRIPT}' WITH ('connector' = 'filesystem', 'path' = 'sink', 'format' = 'json');
      CREATE VIEW \`${IMAGE}\` COMMENT '${SCRIPT}' AS ${QUERY}`;
    await api("POST", "/workspaces/shop/catalog/statements", { sql });
    const draft = await api("POST", "/workspaces/shop/drafts", { name: `job ${IMAGE}`, sql: JOB });
    job = `/w/shop/jobs/${draft.id}`;
    await api("POST", `/workspaces/shop/drafts/${draft.id}/versions`, { comment: `kept ${SCRIPT}` });
    const made = await api("POST", "/workspaces/shop/deployments", {
      name: `deployed ${IMAGE}`,
      draft_id: draft.id,
      version: 1,
    });
    deployment = `/w/shop/deployments/${made.id}`;
    await api("PUT", "/workspaces/shop/connections/landing", {
      kind: "filesystem",
      options: { path: SCRIPT },
    });
    await api("POST", "/tokens", { name: `token ${IMAGE}`, workspace: "shop", role: "viewer" });
  },
  "signing in leads nowhere else": async ({ page, platform }) => {
    for (const to of [
      "javascript:window.hostile=1",
      "//example.com/",
      "/\\example.com",
      "https://example.com/",
    ]) {
      await page.goto(`/sign-in?to=${encodeURIComponent(to)}`);
      await signIn(page, platform);
      await page.waitForURL(`${platform.url}/w/shop`);
      await nothingRan(page);
      await page.context().clearCookies();
    }
    await page.goto("/");
    await signIn(page, platform);
  },
  "on home, in lists, in the rail": async ({ page }) => {
    await page.waitForURL(/\/w\/shop$/);
    await isText(page, `deployed ${IMAGE}`);
    await isText(page, `job ${IMAGE}`);
    for (const [place, text] of /** @type {const} */ ([
      ["Jobs", `job ${IMAGE}`],
      ["Deployments", `deployed ${IMAGE}`],
      ["Connections", SCRIPT],
      ["API tokens", `token ${IMAGE}`],
      ["Workspace", IMAGE],
    ])) {
      await go(page, place);
      await isText(page, text);
    }
    await page.goto(`/w/shop/jobs?q=${encodeURIComponent(SCRIPT)}`);
    await isText(page, `No job matches “${SCRIPT}”`);
  },
  "in the trail, spelled out": async ({ page }) => {
    await go(page, "Audit");
    await page.waitForSelector("tbody button");
    const events = await page.locator("tbody button").count();
    for (let event = 0; event < Math.min(events, 12); event += 1) {
      await page.locator("tbody button").nth(event).click();
      await nothingRan(page);
    }
  },
  "in the catalog: names, comments, definitions, rows": async ({ page }) => {
    await go(page, "Catalog");
    await page.click("nav[aria-label=Tables] a:has-text('onerror')");
    await isText(page, SCRIPT);
    await page.click("[role=tab]:has-text('Sample rows')");
    await isText(page, IMAGE);
    await page.locator("tbody tr:not([class*=spacer])").first().click();
    await page.waitForSelector("aside");
    await isText(page, "javascript:window.hostile=1");
    await page.click("[role=tab]:has-text('Definition')");
    await page.waitForSelector(EDITOR);
    await nothingRan(page);
  },
  "in a job: its name, its problems, its rows, its plan, its versions": async ({ page }) => {
    await page.goto(job);
    await page.waitForSelector("text=checked");
    await page.click("[role=tab]:has-text('Plan')");
    await page.waitForSelector(".react-flow__node");
    await nothingRan(page);
    await page.click(EDITOR);
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(QUERY);
    await page.click("button:has-text('Run')");
    await page.waitForSelector("[aria-label=Changes] tbody tr[data-op='+I']");
    await isText(page, IMAGE);
    await page.keyboard.press("Control+s");
    await page.click(EDITOR);
    await page.keyboard.press("Control+a");
    await page.keyboard.insertText(`SELECT \`${IMAGE}\` FROM orders;`);
    await page.click("text=1 error");
    await isText(page, IMAGE);
    await page.hover(".cm-lintRange-error");
    await page.waitForSelector(".cm-tooltip-lint");
    await nothingRan(page);
    await page.click("[role=tab]:has-text('Versions')");
    await isText(page, `kept ${SCRIPT}`);
  },
  "in a deployment, and in why it failed": async ({ page, platform }) => {
    await page.goto(deployment);
    await comesTo(page, "running");
    await isText(page, `deployed ${IMAGE}`);
    await page.click("[role=tab]:has-text('Logs')");
    await nothingRan(page);
    const draft = await platform.api("POST", "/workspaces/shop/drafts", { name: "fails", sql: FAILING });
    await platform.api("POST", `/workspaces/shop/drafts/${draft.id}/versions`, {});
    const failing = await platform.api("POST", "/workspaces/shop/deployments", {
      name: "fails",
      draft_id: draft.id,
      version: 1,
    });
    await page.goto(`/w/shop/deployments/${failing.id}`);
    await page.waitForSelector("text=/Why it failed|The last error/", { timeout: 30_000 });
    await isText(page, IMAGE);
    await page.click("[role=tab]:has-text('Runs')");
    await isText(page, IMAGE);
  },
  "in the palette": async ({ page }) => {
    await page.keyboard.press("Control+k");
    await page.waitForSelector("[placeholder^='Find a job']");
    await page.keyboard.type("onerror");
    await page.waitForSelector("[data-action]:has-text('deployed')");
    await nothingRan(page);
  },
});

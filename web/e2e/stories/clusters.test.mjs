// @ts-check
/** A job on a cluster: attached, deployed to, watched, changed and stopped, as people would who know no Flink. */

import { after, before } from "node:test";
import { startFlink } from "../flink.mjs";
import { comesTo, DIALOG, dialogCloses, go, isOpenToAll } from "../hands.mjs";
import { story } from "../story.mjs";

/** For the cluster, and for jobs there: each is planned and started by a JVM. */
const PATIENCE = { timeout: 60_000 };

const TICKS = `CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50');
CREATE TABLE nowhere (n BIGINT) WITH ('connector' = 'blackhole');
INSERT INTO nowhere SELECT n FROM ticks;`;

/** @type {Awaited<ReturnType<typeof startFlink>>} */
let flink;
before(async () => {
  flink = await startFlink();
});
after(() => flink.close());

story(
  "a cluster",
  {
    "it is attached, and says what it has": async ({ page, platform }) => {
      await platform.api("POST", "/workspaces/demo/drafts", { name: "ticks", sql: TICKS, settings: {} });
      await page.goto("/");
      await page.waitForURL("/w/demo");
      await go(page, "Clusters");
      await page.click("text=Attach a cluster >> nth=0");
      const dialog = page.locator(DIALOG);
      await dialog.getByLabel("Name").fill("flink");
      await dialog.getByLabel("Address").fill(flink.address);
      await dialog.getByLabel("Storage").fill(flink.storage);
      await dialog.getByLabel("Workspaces").click();
      await page.click("[role=option]:has-text('Demo')");
      // The list lies over the button until one goes on.
      await page.keyboard.press("Tab");
      await page.click(`${DIALOG} button:has-text('Attach')`);
      await dialogCloses(page);
      await page.waitForSelector("tr:has-text('flink') >> text=4 of 4 slots free");
      await isOpenToAll(page);
    },
    "a job is deployed to it": async ({ page }) => {
      await go(page, "Jobs");
      await page.click("td >> text=ticks");
      await page.waitForSelector("text=checked");
      await page.click("header >> text=Deploy");
      await page.click("text=Keep it and estimate");
      await page.waitForSelector("[aria-label='What it needs, estimated'] li", { timeout: 30_000 });
      await page.locator(DIALOG).getByLabel("Runs on").selectOption("flink");
      await isOpenToAll(page);
      await page.click(`${DIALOG} button:has-text('Deploy')`);
      await page.waitForURL(/deployments\/dp_/);
      await page.waitForSelector("header [data-phase=running]", PATIENCE);
      await page.waitForSelector("text=on flink");
    },
    "its rows are counted, and it takes checkpoints": async ({ page }) => {
      await page.waitForFunction(
        () => Number(document.querySelector("dl small")?.textContent?.replaceAll(",", "")) > 0,
        undefined,
        PATIENCE,
      );
      await page.click("[role=tab]:has-text('Checkpoints')");
      await page.waitForSelector("text=/[1-9]\\d* completed, 0 failed/", PATIENCE);
      await isOpenToAll(page);
    },
    "it is stopped, and goes on from there": async ({ page }) => {
      await page.click("button:has-text('Stop')");
      await page.click(`${DIALOG} >> text=Stop it`);
      await comesTo(page, "stopped");
      await page.waitForSelector("td:has-text('at the end of its run')");
      await page.click("button:has-text('Start')");
      await page.waitForSelector("header [data-phase=running]", PATIENCE);
      await page.waitForSelector("text=/Went on from checkpoint \\d+/", PATIENCE);
      await isOpenToAll(page);
    },
    "a cluster with deployments stays": async ({ page }) => {
      await go(page, "Clusters");
      await page.click("[aria-label='Detach flink']");
      await page.click(`${DIALOG} button:has-text('Detach')`);
      await page.waitForSelector(`${DIALOG} >> text=/has deployments/`);
      await isOpenToAll(page);
    },
  },
  ["--demo", "--single-user"],
);

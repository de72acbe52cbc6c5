// @ts-check
/** The first look: a server of one's own, where nobody signs in, with a workspace whose jobs already run. */

import { equal } from "node:assert/strict";
import { comesTo, EDITOR, go, isOpenToAll } from "../hands.mjs";
import { story } from "../story.mjs";

story(
  "the demo",
  {
    "home opens at once and shows what runs": async ({ page }) => {
      await page.goto("/");
      await page.waitForURL("/w/demo");
      await page.waitForSelector("section:has(#running) [data-phase=running]", { timeout: 30_000 });
      await page.waitForSelector("td:has-text('/s')");
      await isOpenToAll(page);
    },
    "its deployment is alive": async ({ page }) => {
      await page.click("section:has(#running) td a");
      await comesTo(page, "running");
      await page.waitForSelector(".react-flow__node >> text=/↑ [1-9]/", { timeout: 20_000 });
      await page.waitForSelector("canvas");
      await isOpenToAll(page);
    },
    "each of its jobs checks, and one brings rows": async ({ page }) => {
      await go(page, "Jobs");
      await page.waitForSelector("td.name a");
      const names = await page.locator("td.name a").allTextContents();
      equal(names.length > 2, true);
      for (const name of names) {
        await page.click(`td.name a:text-is("${name}")`);
        await page.waitForSelector("text=checked", { timeout: 20_000 });
        if (name === "Big bids") {
          await page.click("button:has-text('Run')");
          await page.waitForSelector("[aria-label=Changes] tbody tr[data-op='+I']", { timeout: 20_000 });
          await page.click("button:has-text('Stop')");
        }
        await page.waitForSelector(EDITOR);
        await go(page, "Jobs");
        await page.waitForURL(/jobs$/);
      }
    },
    "nobody can sign out, and that is said": async ({ page }) => {
      await page.waitForSelector("[title*='nobody signs in']");
      equal(await page.locator("button:has-text('Signed in:')").count(), 0);
      await isOpenToAll(page);
    },
  },
  ["--demo", "--single-user"],
);

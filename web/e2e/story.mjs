// @ts-check
/**
 * A story: steps that build on each other, told in sentences, on one page of one server.
 *
 * Behind every step the page must be free of faults. The first step that fails ends the story, with a picture of what the
 * page looked like.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openBrowser, openPage } from "./browser.mjs";
import { startPlatform } from "./platform.mjs";

/** Where pictures of failed steps land. */
const FAILED = fileURLToPath(new URL("../screenshots/failed", import.meta.url));

/**
 * @typedef {{ page: import("playwright-core").Page, platform: import("./platform.mjs").Platform }} Scene
 * @typedef {Record<string, (scene: Scene) => Promise<unknown>>} Steps
 *
 * @param {string} name
 * @param {Steps} steps
 * @param {string[]} [flags] of the server
 */
export function story(name, steps, flags = []) {
  test(name, async (t) => {
    const [browser, platform] = await Promise.all([openBrowser(), startPlatform(flags)]);
    try {
      const { page, faults } = await openPage(browser, { baseURL: platform.url });
      let failed = false;
      for (const [sentence, act] of Object.entries(steps)) {
        await t.test(sentence, async () => {
          try {
            await act({ page, platform });
            if (faults.length > 0) throw new Error(faults.join("\n"));
          } catch (error) {
            failed = true;
            mkdirSync(FAILED, { recursive: true });
            const picture = join(FAILED, `${name}, ${sentence}.png`.replaceAll(/[^\w ,.-]/g, ""));
            await page.screenshot({ path: picture });
            throw new Error(
              `${error instanceof Error ? error.message : error}\nat ${page.url()}: ${picture}`,
            );
          }
        });
        if (failed) break;
      }
    } finally {
      await browser.close();
      await platform.close();
    }
  });
}

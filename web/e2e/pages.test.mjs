// @ts-check
/**
 * Every page in every state, in light and in dark, over the mock: nothing is thrown or logged, nothing is loaded from
 * elsewhere, axe finds nothing serious, and the buttons of a dialog are in sight.
 *
 * With `SCREENSHOTS=folder` a picture of each is left there; with `SHOT=part-of-a-name` only those shots are taken.
 */

import { equal } from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { startMock } from "../mock/server.mjs";
import { barriers } from "./axe.mjs";
import { openBrowser, openPage } from "./browser.mjs";
import { SHOTS } from "./shots.mjs";

/** More pages at once than processors: they wait for one another's answers most of the time. */
const AT_ONCE_MAX = 4;
const FOLDER = process.env.SCREENSHOTS;
const FAILED = fileURLToPath(new URL("../screenshots/failed", import.meta.url));
const WANTED = SHOTS.filter(({ name }) => name.includes(process.env.SHOT ?? ""));

/** @type {import("playwright-core").Browser} */
let browser;
before(async () => {
  browser = await openBrowser();
  if (FOLDER) mkdirSync(FOLDER, { recursive: true });
});
after(() => browser.close());

describe("every page", { concurrency: AT_ONCE_MAX }, () => {
  for (const shot of WANTED) it(shot.name, () => take(shot));
});

/** @param {import("./shots.mjs").Shot} shot */
async function take({ name, address, prepare, isSignedIn = true, isLoading = false }) {
  const mock = await startMock({ isSignedIn });
  const { page, context, faults } = await openPage(browser, { colorScheme: "light" });
  const found = [];
  try {
    await page.goto(mock.url + (typeof address === "string" ? address : address(placesIn(mock))));
    await page.waitForSelector("h1");
    if (!isLoading) await settled(page);
    await prepare?.(page, mock);
    found.push(...(await outOfSight(page)));
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      await page.emulateMedia({ colorScheme });
      if (!isLoading) await settled(page);
      if (FOLDER) await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`) });
      // In the dark the page is the same but for its colours.
      const rules = colorScheme === "dark" ? ["color-contrast"] : undefined;
      for (const barrier of await barriers(page, rules)) found.push(`${colorScheme}: ${barrier}`);
    }
    equal([...faults, ...found].join("\n"), "");
  } catch (error) {
    mkdirSync(FAILED, { recursive: true });
    await page.screenshot({ path: join(FAILED, `${name}.png`) });
    throw error;
  } finally {
    await context.close();
    await mock.close();
  }
}

/** @param {import("playwright-core").Page} page */
async function settled(page) {
  await page.waitForFunction(() => !document.querySelector("[role=status][aria-busy=true]"));
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
  });
}

/**
 * Titles and last buttons of dialogs that one would have to scroll to. The palette has no title: its buttons are what it
 * finds, in a list that scrolls.
 *
 * @param {import("playwright-core").Page} page
 */
function outOfSight(page) {
  return page.$$eval("[role=dialog]:has(h2)", (dialogs) =>
    dialogs.flatMap((dialog) => {
      const box = dialog.getBoundingClientRect();
      return [dialog.querySelector("h2"), [...dialog.querySelectorAll("button")].at(-1)]
        .filter((each) => each != null)
        .filter((each) => {
          const { top, bottom } = each.getBoundingClientRect();
          return top < box.top || bottom > Math.min(box.bottom, innerHeight);
        })
        .map(({ textContent }) => `out of sight in the dialog: ${textContent}`);
    }),
  );
}

/**
 * The pages of jobs and deployments by the beginning of their names.
 *
 * @typedef {{ name: string } & Record<"drafts" | "deployments", { id: string, name: string }[]>} Full
 * @param {Awaited<ReturnType<typeof startMock>>} started
 */
function placesIn({ mock }) {
  // A mock always begins with it.
  const { name, drafts, deployments } = /** @type {Full} */ (mock.workspaces.get("demo"));
  /** @param {{ id: string, name: string }[]} things @param {string} start */
  const id = (things, start) => things.find((each) => each.name.startsWith(start))?.id;
  return {
    job: (/** @type {string} */ start) => `/w/${name}/jobs/${id(drafts, start)}`,
    deployment: (/** @type {string} */ start) => `/w/${name}/deployments/${id(deployments, start)}`,
  };
}

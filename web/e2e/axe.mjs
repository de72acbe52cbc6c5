// @ts-check
/** What stands in the way of someone on a page, as axe sees it. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TARGETS_SHOWN_MAX = 4;

/**
 * The serious and critical findings, one a line; none is what every page must have.
 *
 * @param {import("playwright-core").Page} page
 * @param {string[]} [rules] only these, by their axe names
 * @returns {Promise<string[]>}
 */
export async function barriers(page, rules) {
  // Evaluated, not added as a script: the server's content policy rightly refuses scripts that are not its own.
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(AXE);
  const violations = await page.evaluate(async (only) => {
    const { axe } = /** @type {{ axe: typeof import("axe-core") }} */ (/** @type {unknown} */ (globalThis));
    /** @type {import("axe-core").RunOptions} */
    const options = { resultTypes: ["violations"], ...(only && { runOnly: only }) };
    return (await axe.run(document, options)).violations;
  }, rules);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => {
      const targets = nodes
        .slice(0, TARGETS_SHOWN_MAX)
        .map(({ target, any }) => `${target} ${any[0]?.message ?? ""}`);
      return `${id}: ${targets.join(" | ")}`;
    });
}

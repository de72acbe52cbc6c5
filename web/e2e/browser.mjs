// @ts-check
/**
 * The browser of the tests: a Chromium with a fresh profile, which talks to nobody but the pages' own server.
 *
 * Every page is watched: what it throws, what it logs as an error and what it would have to load from elsewhere counts as
 * a failure, told by `faults`.
 */

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const STEP_TIMEOUT_MS = 10_000;
/** The smallest window that the console is made for. */
export const VIEWPORT = { width: 1280, height: 720 };

/** @returns {Promise<import("playwright-core").Browser>} */
export function openBrowser() {
  const script = fileURLToPath(new URL("browser", import.meta.url));
  const executablePath = execFileSync(script, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  }).trim();
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}

/**
 * A page in a profile of its own.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {import("playwright-core").BrowserContextOptions} [options]
 */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: VIEWPORT, reducedMotion: "reduce", ...options });
  context.setDefaultTimeout(STEP_TIMEOUT_MS);
  const page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    // The browser itself logs every answer that is not 2xx; what the page makes of it is for the test to see.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      faults.push(`logged: ${message.text()}`);
    }
  });
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") faults.push(`asked for: ${request.url()}`);
  });
  return { page, context, faults };
}

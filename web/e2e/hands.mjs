// @ts-check
/** What people do again and again in the console, and what the stories use to do it. */

import { equal } from "node:assert/strict";
import { barriers } from "./axe.mjs";

/** @typedef {import("playwright-core").Page} Page */

export const DIALOG = "[role=dialog]";
export const EDITOR = ".cm-content";

/** Orders, made up: two hundred a second. */
export const ORDERS = `CREATE TABLE orders (
  id BIGINT,
  shop INT,
  amount INT,
  note STRING,
  ordered_at AS CAST(CURRENT_TIMESTAMP AS TIMESTAMP(3)),
  WATERMARK FOR ordered_at AS ordered_at
) WITH (
  'connector' = 'datagen',
  'rows-per-second' = '200',
  'fields.shop.min' = '1',
  'fields.shop.max' = '5',
  'fields.amount.min' = '1',
  'fields.amount.max' = '500'
);`;
export const TOTALS = `CREATE TABLE totals (
  window_start TIMESTAMP(3),
  shop INT,
  orders BIGINT,
  amount INT
) WITH ('connector' = 'filesystem', 'path' = 'totals', 'format' = 'json');`;
/** @param {string} column that is summed @param {number} seconds that a window lasts */
export const totalsJob = (column, seconds = 2) => `INSERT INTO totals
SELECT window_start, shop, COUNT(*) AS orders, SUM(${column}) AS amount
FROM TUMBLE(TABLE orders, DESCRIPTOR(ordered_at), INTERVAL '${seconds}' SECOND)
GROUP BY window_start, window_end, shop;`;

/** @param {Page} page @param {{ name: string, password: string }} user */
export async function signIn(page, { name, password }) {
  await page.fill("[name=name]", name);
  await page.fill("[name=password]", password);
  await page.click("button[type=submit]");
}

/** Opens a place by the rail. @param {Page} page @param {string} name */
export const go = (page, name) => page.click(`nav[aria-label=Main] >> text="${name}"`);

/** Replaces what an editor holds, as pasting would. @param {Page} page @param {string} text */
export async function write(page, text, editor = EDITOR) {
  await page.click(editor);
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

/** Axe finds nothing serious on the page as it is. @param {Page} page */
export async function isOpenToAll(page) {
  equal((await barriers(page)).join("\n"), "");
}

/** The dialog that was open has gone. @param {Page} page */
export const dialogCloses = (page) => page.waitForSelector(DIALOG, { state: "detached" });

/** The deployment that is shown comes to this phase. @param {Page} page @param {string} phase */
export const comesTo = (page, phase) =>
  page.waitForSelector(`header [data-phase=${phase}]`, { timeout: 30_000 });

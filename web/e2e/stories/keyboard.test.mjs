// @ts-check
/** The whole way of a job by keyboard alone: no step here touches a mouse, and every stop on the way is seen. */

import { equal } from "node:assert/strict";
import { comesTo, DIALOG, dialogCloses, EDITOR, ORDERS, TOTALS, totalsJob } from "../hands.mjs";
import { keyboardOf } from "../keyboard.mjs";
import { story } from "../story.mjs";

/** @typedef {import("playwright-core").Page} Page */

/** Replaces what the editor holds, which has the focus. @param {Page} page @param {string} text */
async function rewrite(page, text) {
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(text);
}

/** What is upgraded to has other windows, which the state is not of. @param {ReturnType<typeof keyboardOf>} keys */
async function chooseNoState(keys) {
  await keys.goTo(`${DIALOG} input[type=radio]:checked`);
  await keys.press("ArrowDown");
}

story("the way of a job by keyboard alone", {
  "signing in": async ({ page, platform }) => {
    const keys = keyboardOf(page);
    await page.goto("/");
    await page.waitForSelector("[name=name]:focus");
    await keys.type(platform.name);
    await keys.press("Tab");
    await keys.type(platform.password);
    await keys.press("Enter");
    await page.waitForSelector("h1:has-text('New workspace')");
  },
  "making a workspace": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.goTo("input:not([name])");
    await keys.type("shop");
    await keys.goTo("[name=display_name]");
    await keys.type("The shop");
    await keys.press("Enter");
    await page.waitForSelector("text=Nothing here yet");
  },
  "the first stop of a page leads past the rail": async ({ page }) => {
    const keys = keyboardOf(page);
    await page.reload();
    await page.waitForSelector("text=Nothing here yet");
    await keys.press("Tab");
    await page.waitForSelector(".skip-link:focus");
    await keys.press("Enter");
    await keys.press("Tab");
    await page.waitForSelector("main button:focus");
  },
  "making tables": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.open("Catalog");
    for (const statement of [ORDERS, TOTALS]) {
      await keys.choose("header button:has-text('New table')");
      await keys.goTo(`${DIALOG} ${EDITOR}`);
      await rewrite(page, statement);
      await keys.leaveEditor();
      await keys.choose(`${DIALOG} button:has-text('Create')`);
      await dialogCloses(page);
    }
  },
  "looking at rows of a table": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.choose("nav[aria-label=Tables] a:has-text('orders')");
    await keys.goTo("[role=tab][aria-selected=true]");
    await keys.press("ArrowRight");
    await page.waitForSelector("[aria-label='Rows of orders'] tbody tr:not([class*=spacer])");
    await keys.goTo("[aria-label='Rows of orders']");
    await keys.press("ArrowDown");
    await keys.press("ArrowDown");
    await page.waitForSelector("aside >> text=Row 2");
    await keys.press("Escape");
    await page.waitForSelector("aside", { state: "detached" });
  },
  "beginning a job": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.open("Jobs");
    await keys.choose("header button:has-text('New job')");
    await page.waitForSelector("[role=menuitem]:has-text('A blank page'):focus");
    await keys.press("Enter");
    await page.waitForURL(/jobs\/dr_/);
    await keys.goTo("[aria-label='Name of the job']");
    await keys.press("Control+a");
    await keys.type("totals by shop");
    await keys.press("Enter");
    await page.waitForSelector("[role=status]:has-text('saved')");
  },
  "writing: a wrong column is found by F8": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.goTo(EDITOR);
    await rewrite(page, totalsJob("amuont"));
    await page.waitForSelector(".cm-lintRange-error:has-text('amuont')");
    await keys.press("F8");
    await page.waitForSelector(".cm-tooltip-lint >> text=did you mean 'amount'?");
    await keys.press("Escape");
    await rewrite(page, totalsJob("amount"));
    await page.waitForSelector("text=checked");
  },
  "running it, and looking at its rows": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.press("Control+Enter");
    await page.waitForSelector("[aria-label=Changes] tbody tr[data-op='+I']");
    await keys.leaveEditor();
    await keys.goTo("input[type=radio]:checked");
    await keys.press("ArrowRight");
    await keys.goTo("[aria-label='Rows of the table']");
    await keys.press("ArrowDown");
    await page.waitForSelector("aside >> text=Row 1");
    await keys.press("Escape");
    await keys.goTo("button:has-text('Stop')", "Shift+Tab");
    await keys.press("Enter");
    await page.waitForSelector("text=stopped by you");
  },
  "keeping and deploying it": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.goTo("button:has-text('Keep version')", "Shift+Tab");
    await keys.press("Enter");
    await page.waitForSelector(`${DIALOG} textarea:focus`);
    await keys.type("two seconds");
    await keys.press("Control+Enter");
    await dialogCloses(page);
    await keys.choose("header button:has-text('Deploy')");
    await page.waitForSelector("[aria-label='What it needs, estimated'] li", { timeout: 30_000 });
    await keys.choose(`${DIALOG} button:has-text('Deploy')`);
    await page.waitForURL(/deployments\/dp_/);
    await comesTo(page, "running");
  },
  "watching it": async ({ page }) => {
    const keys = keyboardOf(page);
    await page.waitForSelector(".react-flow__node >> text=/↑ [1-9]/", { timeout: 20_000 });
    await keys.choose(".react-flow__node");
    await page.waitForURL(/node=/);
    await page.waitForSelector("tr[aria-current=true]");
    await keys.goTo("[role=tab][aria-selected=true]", "Shift+Tab");
    await keys.press("ArrowRight");
    await page.waitForSelector("[aria-label='Lines of the log'] div[style*=translate]");
    await keys.goTo("[aria-label='Lines of the log']");
  },
  "stopping it": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.goTo("header button:has-text('Stop')", "Shift+Tab");
    await keys.press("Enter");
    await page.waitForSelector(`${DIALOG} button:has-text('Stop it'):focus`);
    await keys.press("Enter");
    await comesTo(page, "stopped");
  },
  "changing the text, and seeing what changed": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.goTo("header a:has-text('1')", "Shift+Tab");
    await keys.press("Enter");
    await page.waitForURL(/tab=versions/);
    await keys.goTo("[role=tab][aria-selected=true]");
    await keys.press("ArrowLeft");
    await keys.goTo(EDITOR);
    await rewrite(page, totalsJob("amount", 1));
    await page.waitForSelector("text=checked");
    await keys.leaveEditor();
    await keys.goTo("button:has-text('Keep version')", "Shift+Tab");
    await keys.press("Enter");
    await page.waitForSelector(`${DIALOG} textarea:focus`);
    await keys.press("Control+Enter");
    await dialogCloses(page);
    await keys.goTo("[role=tab][aria-selected=true]");
    await keys.press("ArrowRight");
    await page.waitForSelector("tr[data-op='+']:has-text(\"'1' SECOND\")");
  },
  "upgrading, and going back": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.goTo("header a:has([data-phase])", "Shift+Tab");
    await keys.press("Enter");
    await page.waitForURL(/deployments\/dp_/);
    await keys.choose("header button:has-text('Upgrade')");
    await page.waitForSelector(`${DIALOG} select:focus`);
    await page.waitForSelector(`${DIALOG} tr[data-op='+']`);
    await chooseNoState(keys);
    await keys.choose(`${DIALOG} button:has-text('Upgrade')`);
    await page.waitForSelector("header >> text=/version 2/");
    await dialogCloses(page);
    await keys.goTo("header button:has-text('Start')", "Shift+Tab");
    await keys.press("Enter");
    await comesTo(page, "running");
    await keys.choose("header button:has-text('Upgrade')");
    await page.waitForSelector(`${DIALOG} select:focus`);
    await keys.press("ArrowDown");
    await chooseNoState(keys);
    await keys.choose(`${DIALOG} button:has-text('Go back to it')`);
    await page.waitForSelector("header >> text=/version 1/");
    await comesTo(page, "running");
  },
  "setting a secret": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.open("Secrets");
    await keys.choose("header button:has-text('New secret')");
    await page.waitForSelector(`${DIALOG} input:focus`);
    await keys.type("kafka-password");
    await keys.goTo(`${DIALOG} input[type=password]`);
    await keys.type("correct horse");
    await keys.press("Enter");
    await page.waitForSelector("td:has-text('secret.kafka-password')");
    await keys.choose("[aria-label='Delete kafka-password']");
    await page.waitForSelector(`${DIALOG} button:has-text('Delete it'):focus`);
    await keys.press("Escape");
    await dialogCloses(page);
  },
  "making a token": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.open("API tokens");
    await keys.choose("header button:has-text('New token')");
    await page.waitForSelector(`${DIALOG} input:focus`);
    await keys.type("laptop");
    await keys.press("Enter");
    await page.waitForSelector("[aria-label='The token']");
    await keys.choose(`${DIALOG} button:has-text('I have it')`);
    await dialogCloses(page);
  },
  "reading the trail": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.goTo("nav a:has-text('Audit')", "Shift+Tab");
    await keys.press("Enter");
    await page.waitForSelector("tbody button");
    await keys.choose("tbody button");
    await page.waitForSelector("tbody pre");
    // What finds is one key away on every list.
    await keys.press("/");
    await page.waitForSelector("input[type=search]:focus");
    await keys.type("secret");
    await page.waitForURL(/q=secret/);
  },
  "signing out": async ({ page }) => {
    const keys = keyboardOf(page);
    await keys.goTo("button:has-text('Signed in:')", "Shift+Tab");
    await keys.press("Enter");
    // A menu takes the focus a moment after it is there.
    await page.waitForSelector("[role=menu]:focus, [role=menu] :focus");
    await keys.press("ArrowUp");
    await page.waitForSelector("[role=menuitem]:has-text('Sign out'):focus");
    await keys.press("Enter");
    await page.waitForURL(/sign-in/);
    await page.waitForSelector("[name=name]:focus");
    equal(await page.inputValue("[name=name]"), "");
  },
});

// @ts-check
/** The whole way of a job, by mouse: from an empty server to a job that runs, is changed, rolled back, and fails. */

import { equal } from "node:assert/strict";
import {
  comesTo,
  DIALOG,
  dialogCloses,
  EDITOR,
  go,
  isOpenToAll,
  ORDERS,
  signIn,
  TOTALS,
  totalsJob,
  write,
} from "../hands.mjs";
import { story } from "../story.mjs";

const FAILING = `INSERT INTO totals
SELECT ordered_at, CAST(note AS INT), id, amount
FROM orders;`;

/** The addresses of the job and of its deployment, for the way back. */
let job = "";
let deployment = "";

story("the way of a job", {
  "a deep link asks to sign in": async ({ page }) => {
    await page.goto("/w/shop/secrets");
    await page.waitForURL(/sign-in\?to=/);
    await isOpenToAll(page);
  },
  "a wrong password is refused": async ({ page }) => {
    await signIn(page, { name: "admin", password: "guessed" });
    await page.waitForSelector("text=do not fit together");
  },
  "the password of the first start opens the console": async ({ page, platform }) => {
    await page.goto("/");
    await signIn(page, platform);
    await page.waitForSelector("h1:has-text('New workspace')");
    await isOpenToAll(page);
  },
  "a workspace is made": async ({ page }) => {
    await page.fill("input >> nth=0", "shop");
    await page.fill("[name=display_name]", "The shop");
    await page.click("text=Create the workspace");
    await page.waitForSelector("text=Nothing here yet");
    await page.waitForURL("/w/shop");
    await isOpenToAll(page);
  },
  "tables are made in the catalog": async ({ page }) => {
    await go(page, "Catalog");
    for (const statement of [ORDERS, TOTALS]) {
      await page.click("header >> text=New table");
      await page.waitForSelector(`${DIALOG} ${EDITOR}`);
      await write(page, statement, `${DIALOG} ${EDITOR}`);
      await page.click(`${DIALOG} button:has-text('Create')`);
      await dialogCloses(page);
    }
    await page.click("nav[aria-label=Tables] >> text=orders");
    await page.waitForSelector("td:has-text('ordered_at')");
    await isOpenToAll(page);
  },
  "a wrong definition is told at its place": async ({ page }) => {
    await page.click("header >> text=New table");
    await write(page, "CREATE TABLE t (a INTT) WITH ('connector' = 'datagen');", `${DIALOG} ${EDITOR}`);
    await page.click(`${DIALOG} button:has-text('Create')`);
    await page.waitForSelector(`${DIALOG} .cm-lintRange-error:has-text('INTT')`);
    await page.click(`${DIALOG} >> text=Cancel`);
  },
  "rows of a table are sampled": async ({ page }) => {
    await page.click("[role=tab]:has-text('Sample rows')");
    await page.waitForSelector("[aria-label='Rows of orders'] tbody tr:not([class*=spacer])");
    await isOpenToAll(page);
  },
  "every text to begin with checks as it stands": async ({ page }) => {
    await go(page, "Jobs");
    for (const text of ["Rows in ten-second windows", "Rows as they come"]) {
      await page.click("header >> text=New job");
      await page.click(`text=${text}`);
      await page.waitForURL(/jobs\/dr_/);
      await page.waitForSelector("text=checked");
      await go(page, "Jobs");
      await page.waitForURL(/jobs$/);
    }
  },
  "a job begins empty and is named": async ({ page }) => {
    await go(page, "Jobs");
    await page.click("header >> text=New job");
    await page.click("text=A blank page");
    await page.waitForURL(/jobs\/dr_/);
    job = page.url();
    await page.fill("[aria-label='Name of the job']", "totals by shop");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[role=status]:has-text('saved')");
  },
  "a wrong column is marked at its place, with what to do": async ({ page }) => {
    await write(page, totalsJob("amuont"));
    await page.waitForSelector(".cm-lintRange-error:has-text('amuont')");
    await page.click("text=1 error");
    await page.waitForSelector("text=did you mean 'amount'?");
    await page.click("text=column 'amuont' not found");
    await isOpenToAll(page);
  },
  "a wrong text cannot be kept, and the dialog says why": async ({ page }) => {
    await page.click("text=Keep version");
    await page.click(`${DIALOG} >> text=Keep it`);
    await page.waitForSelector(`${DIALOG} >> text=column 'amuont' not found`);
    await page.click(`${DIALOG} >> text=Cancel`);
  },
  "columns and functions are offered while one writes": async ({ page }) => {
    await write(page, "SELECT amo");
    await page.keyboard.type("u");
    await page.waitForSelector(".cm-tooltip-autocomplete >> text=amount");
    await page.keyboard.press("Escape");
    await write(page, "SELECT UPPE");
    await page.keyboard.type("R");
    await page.waitForSelector(".cm-completionInfo >> text=UPPER(");
    await page.keyboard.press("Escape");
  },
  "mended, it checks, and shows its plan": async ({ page }) => {
    await write(page, totalsJob("amount"));
    await page.waitForSelector("text=checked");
    await page.click("[role=tab]:has-text('Plan')");
    await page.waitForSelector(".react-flow__node:has-text('window')");
    await isOpenToAll(page);
  },
  "run, it brings rows as they come": async ({ page }) => {
    await page.click("button:has-text('Run')");
    await page.waitForSelector("[aria-label=Changes] tbody tr[data-op='+I']");
    await page.waitForSelector("text=first row after");
    await isOpenToAll(page);
  },
  "rows are seen as changes and as the table that they add up to": async ({ page }) => {
    await write(page, "SELECT shop, amount FROM orders;");
    await page.click("button:has-text('Stop')");
    await page.click("button:has-text('Run')");
    await page.waitForSelector("[aria-label=Changes] tr[data-op='+I']");
    await page.click("label:has-text('Table')");
    await page.click("[aria-label='Rows of the table'] tbody tr >> nth=3");
    await page.waitForSelector("aside >> text=/Row \\d+/");
    await isOpenToAll(page);
    await page.waitForSelector("text=/stopped at the limit|running/");
  },
  "a version is kept": async ({ page }) => {
    await write(page, totalsJob("amount"));
    await page.click("text=Keep version");
    await page.fill(`${DIALOG} textarea`, "two seconds");
    await page.click(`${DIALOG} >> text=Keep it`);
    await page.click("[role=tab]:has-text('Versions')");
    await page.waitForSelector("nav[aria-label=Versions] >> text=two seconds");
    await isOpenToAll(page);
  },
  "it is deployed, with what it needs estimated": async ({ page }) => {
    await page.click("header >> text=Deploy");
    await page.waitForSelector("[aria-label='What it needs, estimated'] li", { timeout: 30_000 });
    await isOpenToAll(page);
    await page.click(`${DIALOG} button:has-text('Deploy')`);
    await page.waitForURL(/deployments\/dp_/);
    deployment = page.url();
    await comesTo(page, "running");
  },
  "its numbers are live, on the whole and on the plan": async ({ page }) => {
    await page.waitForSelector("[role=status]:has-text('live')");
    await page.waitForSelector(".react-flow__node >> text=/↑ [1-9]/", { timeout: 20_000 });
    const rows = async () => Number((await page.textContent("dl small"))?.replaceAll(",", ""));
    const before = await rows();
    await page.waitForFunction(
      (then) => Number(document.querySelector("dl small")?.textContent?.replaceAll(",", "")) > then,
      before,
    );
    await page.waitForSelector("canvas");
    await isOpenToAll(page);
  },
  "its log is there, and is searched": async ({ page }) => {
    await page.click("[role=tab]:has-text('Logs')");
    await page.waitForSelector("[aria-label='Lines of the log'] div[style*=translate]");
    await page.fill("[aria-label='Lines with']", "no such line at all");
    await page.waitForSelector("text=No line says that");
    await page.click("text=Show all lines");
    await isOpenToAll(page);
  },
  "home and the lists tell of it": async ({ page }) => {
    await go(page, "Home");
    await page.waitForSelector("td >> text=totals by shop");
    await page.waitForSelector("td:has-text('/s')");
    await isOpenToAll(page);
    await go(page, "Jobs");
    await page.waitForSelector("tr:has-text('totals by shop') [data-phase=running]");
    await isOpenToAll(page);
    await go(page, "Deployments");
    await page.selectOption("[aria-label='Show deployments in']", { label: "Failed or waiting" });
    await page.waitForSelector("text=No deployment is in this phase");
    await page.click("text=Show all");
    await page.click("td >> text=totals by shop");
  },
  "it is stopped": async ({ page }) => {
    await page.click("button:has-text('Stop')");
    await page.click(`${DIALOG} >> text=Stop it`);
    await comesTo(page, "stopped");
    await page.click("[role=tab]:has-text('Runs')");
    await page.waitForSelector("[aria-label=Attempts] [data-phase=stopped]");
    await isOpenToAll(page);
  },
  "it has left a last checkpoint, and goes on from there": async ({ page }) => {
    await page.click("[role=tab]:has-text('Checkpoints')");
    await page.waitForSelector("td:has-text('at the end of its run')");
    await isOpenToAll(page);
    await page.click("button:has-text('Start')");
    await comesTo(page, "running");
    await page.waitForSelector("text=/Went on from checkpoint \\d+/");
    await page.waitForSelector("text=/[1-9]\\d* completed, 0 failed/");
    await isOpenToAll(page);
  },
  "its text is changed and kept, and the change is shown": async ({ page }) => {
    await page.goto(job);
    await page.waitForSelector(EDITOR);
    await write(page, totalsJob("amount", 1));
    await page.waitForSelector("text=checked");
    await page.click("text=Keep version");
    await page.fill(`${DIALOG} textarea`, "one second");
    await page.click(`${DIALOG} >> text=Keep it`);
    await dialogCloses(page);
    await page.click("[role=tab]:has-text('Versions')");
    await page.waitForSelector("tr[data-op='-']:has-text(\"'2' SECOND\")");
    await page.waitForSelector("tr[data-op='+']:has-text(\"'1' SECOND\")");
    await isOpenToAll(page);
  },
  "a savepoint is taken while it goes on": async ({ page }) => {
    await page.goto(deployment);
    await page.click("[role=tab]:has-text('Checkpoints')");
    await page.waitForSelector("text=No savepoint yet");
    await isOpenToAll(page);
    await page.click("button:has-text('Take a savepoint')");
    await page.fill(`${DIALOG} input`, "two seconds");
    await page.keyboard.press("Enter");
    await dialogCloses(page);
    await page.waitForSelector("tr:has-text('two seconds') td:has-text('iB')");
    await comesTo(page, "running");
    await isOpenToAll(page);
  },
  "before an upgrade it is told what becomes of the state": async ({ page }) => {
    await page.click("button:has-text('Upgrade')");
    await page.waitForSelector(`${DIALOG} tr[data-op='+']`);
    await page.waitForSelector(
      `${DIALOG} >> text=its window was TUMBLE of 2 s over ordered_at and is now TUMBLE of 1 s`,
    );
    await page.waitForSelector(`${DIALOG} li:has-text('orders') >> text=kept`);
    await isOpenToAll(page);
    equal(await page.isEnabled(`${DIALOG} button:has-text('Upgrade')`), false);
    await page.click(`${DIALOG} >> text=Let go of the state that is not kept`);
    await page.click(`${DIALOG} button:has-text('Upgrade')`);
    await page.waitForSelector("header >> text=/version 2/");
    await comesTo(page, "running");
    await page.waitForSelector("text=/Went on from checkpoint \\d+/");
  },
  "back with the savepoint, nothing is lost": async ({ page }) => {
    await page.click("[aria-label='More about savepoint two seconds']");
    await page.click("text=Start from it");
    await page.waitForSelector(`${DIALOG} >> text=All of the state of version 1 is kept.`);
    await isOpenToAll(page);
    await page.click(`${DIALOG} button:has-text('Start from it')`);
    await page.waitForSelector("header >> text=/version 1/");
    await comesTo(page, "running");
    await page.waitForSelector("dd:has-text('Began from a savepoint')");
    await page.waitForSelector("text=this deployment began from it");
  },
  "stopped with a savepoint, it leaves another, and one is deleted": async ({ page }) => {
    await page.click("button:has-text('Stop')");
    await page.click(`${DIALOG} >> text=Take a savepoint of the state`);
    await page.fill(`${DIALOG} input[maxlength]`, "for the night");
    await page.click(`${DIALOG} >> text=Stop it`);
    await comesTo(page, "stopped");
    await page.waitForSelector("tr:has-text('for the night') td:has-text('at a stop')");
    await isOpenToAll(page);
    await page.click("[aria-label='More about savepoint two seconds']");
    await page.click("text=Delete it…");
    await page.click(`${DIALOG} >> text=Delete it`);
    await dialogCloses(page);
    await page.waitForSelector("[aria-label='More about savepoint two seconds']", { state: "detached" });
  },
  "started without state, it begins anew": async ({ page }) => {
    await page.click("[aria-label='More about this deployment']");
    await page.click("text=Start without state");
    await page.click(`${DIALOG} >> text=Start it without state`);
    await comesTo(page, "running");
    await page.waitForSelector("dd:has-text('Began anew')");
  },
  "the draft is rolled back": async ({ page }) => {
    await page.goto(job);
    await page.click("[role=tab]:has-text('Versions')");
    await page.click("nav[aria-label=Versions] >> text=two seconds");
    await page.click("text=Roll back to it");
    await page.click(`${DIALOG} button:has-text('Roll back')`);
    await page.waitForSelector("text=is version 1 again");
    await page.click("[role=tab]:has-text('SQL')");
    await page.waitForSelector(`${EDITOR}:has-text("'2' SECOND")`);
  },
  "a job that fails says why, and where": async ({ page }) => {
    await go(page, "Jobs");
    await page.click("header >> text=New job");
    await page.click("text=A blank page");
    await page.waitForURL((url) => /jobs\/dr_/.test(url.pathname) && url.href !== job);
    await page.fill("[aria-label='Name of the job']", "notes as numbers");
    await write(page, FAILING);
    await page.waitForSelector("text=checked");
    await page.click("header >> text=Deploy");
    await page.click("text=Keep it and estimate");
    await page.waitForSelector("[aria-label='What it needs, estimated'] li", { timeout: 30_000 });
    await page.click(`${DIALOG} button:has-text('Deploy')`);
    await page.waitForURL(/deployments\/dp_/);
    await page.waitForSelector("text=/Why it failed|The last error/", { timeout: 30_000 });
    await isOpenToAll(page);
    await page.click("text=/line \\d+, column \\d+/");
    await page.waitForSelector(".cm-lintRange-error");
    await page.click("[role=tab]:has-text('Runs')");
    await page.waitForSelector("text=Attempt 1");
    await isOpenToAll(page);
    await go(page, "Home");
    await page.waitForSelector("section:has(#needs) >> text=notes as numbers");
  },
});

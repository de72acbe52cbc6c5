// @ts-check
/** What a workspace is beside its jobs: people, secrets, connections, files, the trail of changes, and who is signed in. */

import { deepEqual, equal, match } from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { DIALOG, dialogCloses, EDITOR, go, isOpenToAll, ORDERS, signIn, write } from "../hands.mjs";
import { story } from "../story.mjs";

const SECRET = "correct horse battery staple";
const OWN_PASSWORD = "a password of my own";
const GRACE = { name: "grace", password: "long enough for grace" };

/** What a step leaves for a later one. */
let archive = Buffer.alloc(0);
let job = "";

story("a workspace", {
  "the administrator makes it, with a table and a job": async ({ page, platform }) => {
    await platform.api("POST", "/workspaces", { name: "shop", display_name: "The shop" });
    await platform.api("POST", "/workspaces/shop/catalog/statements", { sql: ORDERS });
    const sql = "SELECT shop, amount FROM orders;";
    const draft = await platform.api("POST", "/workspaces/shop/drafts", { name: "amounts", sql });
    job = `/w/shop/jobs/${draft.id}`;
    await page.goto("/");
    await signIn(page, platform);
    await page.waitForURL("/w/shop");
    await page.waitForSelector("text=Calm sea");
    await isOpenToAll(page);
  },
  "a user is made, and becomes a member": async ({ page }) => {
    await go(page, "Users");
    await page.click("text=New user");
    await page.fill(`${DIALOG} input >> nth=0`, GRACE.name);
    await page.fill(`${DIALOG} input[type=password]`, GRACE.password);
    await page.click(`${DIALOG} >> text=Make the user`);
    await page.waitForSelector("td:has-text('grace')");
    await isOpenToAll(page);
    await go(page, "Members");
    await page.click("header >> text=Add a member");
    await page.fill(`${DIALOG} input`, GRACE.name);
    await page.selectOption(`${DIALOG} select`, "viewer");
    await page.click(`${DIALOG} button:has-text('Add')`);
    await page.selectOption("[aria-label='Role of grace']", "developer");
    await page.waitForSelector("text=grace is developer now");
    await page.selectOption("[aria-label='Role of grace']", "viewer");
    await page.waitForSelector("text=grace is viewer now");
    await isOpenToAll(page);
  },
  "who is no user cannot become a member, and the dialog says so": async ({ page }) => {
    await page.click("header >> text=Add a member");
    await page.fill(`${DIALOG} input`, "nobody");
    await page.click(`${DIALOG} button:has-text('Add')`);
    await page.waitForSelector(`${DIALOG} >> text=/nobody.*not found/i`);
    await page.click(`${DIALOG} >> text=Cancel`);
  },
  "a secret goes in and does not come out": async ({ page }) => {
    await go(page, "Secrets");
    await page.click("header >> text=New secret");
    await page.fill(`${DIALOG} input >> nth=0`, "kafka-password");
    await page.fill(`${DIALOG} input[type=password]`, SECRET);
    await page.click(`${DIALOG} >> text=Set the secret`);
    await page.waitForSelector("td:has-text('secret.kafka-password')");
    equal((await page.content()).includes(SECRET), false);
    await isOpenToAll(page);
  },
  "a connection names it, and is tested": async ({ page }) => {
    await go(page, "Connections");
    await page.click("header >> text=New connection");
    await page.fill(`${DIALOG} input >> nth=0`, "landing");
    await page.fill(`${DIALOG} input >> nth=1`, "filesystem");
    await page.click(`${DIALOG} >> text=Add`);
    await page.fill("[aria-label=Name]", "path");
    await page.fill("[aria-label='Value of path']", "landing");
    await page.click(`${DIALOG} button:has-text('Save')`);
    await dialogCloses(page);
    await page.click("[aria-label='Test landing']");
    await page.waitForSelector("[aria-label='Test of landing'] >> text=/It can(not)? be reached/");
    await isOpenToAll(page);
  },
  "a token is shown once, and opens what it may": async ({ page, platform }) => {
    await go(page, "API tokens");
    await page.click("header >> text=New token");
    await page.fill(`${DIALOG} input`, "laptop");
    await page.click(`${DIALOG} >> text=Make the token`);
    const text = (await page.textContent("[aria-label='The token']")) ?? "";
    match(text, /^oct_/);
    await isOpenToAll(page);
    const asToken = (/** @type {string} */ method, body = "{}") =>
      fetch(`${platform.url}/api/v1/workspaces/shop/drafts`, {
        method,
        headers: { Authorization: `Bearer ${text}`, "Content-Type": "application/json" },
        ...(method === "POST" && { body }),
      });
    equal((await asToken("GET")).status, 200);
    // It may read, and no more.
    equal((await asToken("POST")).status, 403);
    await page.click("text=I have it");
    await page.click("[aria-label='Revoke laptop']");
    await page.click(`${DIALOG} >> text=Revoke it`);
    await page.waitForSelector("text=No tokens");
    equal((await asToken("GET")).status, 401);
  },
  "it is taken away as files": async ({ page }) => {
    await go(page, "Workspace");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("text=Download as ZIP")]);
    equal(download.suggestedFilename(), "shop.zip");
    archive = await readFile(await download.path());
    equal(archive.includes(SECRET), false);
    await isOpenToAll(page);
  },
  "brought back unchanged, the files change nothing": async ({ page }) => {
    await choose(page, archive);
    await page.waitForSelector("text=The workspace is as the files say");
    await page.click("section >> text=Cancel");
  },
  "changed, they show what they change, and change it": async ({ page, platform }) => {
    // Stored, not compressed: of the same length, the text can be changed in place, and its checksum told anew.
    await choose(page, changed(archive, "amount FROM", "id     FROM"));
    await page.click("summary:has-text('amounts')");
    await page.waitForSelector("tr[data-op='+']:has-text('id     FROM')");
    await isOpenToAll(page);
    await page.click("text=Import it");
    await page.waitForSelector("text=The workspace is as the files say");
    const { items } = await platform.api("GET", "/workspaces/shop/drafts");
    const drafts = await Promise.all(
      items.map((/** @type {{ id: string }} */ { id }) =>
        platform.api("GET", `/workspaces/shop/drafts/${id}`),
      ),
    );
    deepEqual(
      drafts.map(({ sql }) => sql.trim()),
      ["SELECT shop, id     FROM orders;"],
    );
  },
  "the trail tells of all of it": async ({ page }) => {
    await go(page, "Audit");
    for (const action of ["secret.", "connection.", "member.", "draft."]) {
      await page.waitForSelector(`td:has-text('${action}')`);
    }
    equal((await page.content()).includes(SECRET), false);
    await page.fill("[type=search]", "member");
    await page.waitForURL(/q=member/);
    await page.waitForSelector("td:has-text('secret.')", { state: "detached" });
    await isOpenToAll(page);
    // What belongs to no workspace is for administrators.
    await page.selectOption("[aria-label='Show what was changed in']", "server");
    await page.fill("[type=search]", "user.create");
    await page.waitForSelector("td:has-text('user.create')");
  },
  "the password is changed": async ({ page, platform }) => {
    await page.click("text=Signed in:");
    await page.click("text=Change your password");
    const fields = page.locator(`${DIALOG} input`);
    await fields.nth(0).fill("not the current one");
    await fields.nth(1).fill(OWN_PASSWORD);
    await fields.nth(2).fill(OWN_PASSWORD);
    await page.click(`${DIALOG} >> text=Change it`);
    await page.waitForSelector(`${DIALOG} >> text=/not the current one/`);
    await fields.nth(0).fill(platform.password);
    await page.click(`${DIALOG} >> text=Change it`);
    await page.waitForSelector("text=Your password is changed");
  },
  "a session that is over asks to sign in, and leads back to the same page": async ({ page }) => {
    await page.goto(`${job}?tab=settings`);
    await page.click("text=Add");
    await page.context().clearCookies();
    await page.click("[role=tab]:has-text('Versions')");
    await page.waitForURL(/sign-in\?to=/);
    await signIn(page, { name: "admin", password: OWN_PASSWORD });
    await page.waitForURL(/tab=versions/);
    await page.waitForSelector("text=No versions yet");
  },
  "what was written when the session ended is not lost": async ({ page }) => {
    await page.goto(job);
    await page.waitForSelector(EDITOR);
    await write(page, "SELECT note FROM orders;");
    // Before it is saved, which waits for a pause.
    await page.context().clearCookies();
    await page.waitForURL(/sign-in\?to=/);
    await signIn(page, { name: "admin", password: OWN_PASSWORD });
    await page.waitForSelector(`${EDITOR}:has-text('SELECT note')`);
    await page.waitForSelector("[role=status]:has-text('saved')");
    equal(await page.evaluate(() => sessionStorage.length), 0);
  },
  "signing out ends it": async ({ page }) => {
    await page.click("text=Signed in:");
    await page.click("text=Sign out");
    await page.waitForURL(/sign-in/);
    await page.goto(job);
    await page.waitForURL(/sign-in\?to=/);
  },
  "who may only read sees everything and can change nothing": async ({ page }) => {
    await signIn(page, GRACE);
    await page.waitForSelector("text=You may read this job");
    equal(await page.isEnabled("button:has-text('Run')"), false);
    equal(await page.isEnabled("button:has-text('Keep version')"), false);
    equal(await page.isEnabled("header button:has-text('Deploy')"), false);
    equal(await page.getAttribute(EDITOR, "contenteditable"), "false");
    await isOpenToAll(page);
    for (const place of ["Home", "Jobs", "Deployments", "Catalog", "Connections", "Secrets", "Members"]) {
      await go(page, place);
      await page.waitForSelector(`h1:has-text('${place}')`);
      await page.waitForSelector("[aria-busy=true]", { state: "detached" });
      equal(await page.locator("[role=alert]").count(), 0);
      await isOpenToAll(page);
    }
    equal(await page.locator("nav >> text=Users").count(), 0);
  },
});

/** @param {import("playwright-core").Page} page @param {Buffer} buffer */
const choose = (page, buffer) =>
  page.setInputFiles("input[accept='.zip']", { name: "shop.zip", mimeType: "application/zip", buffer });

/**
 * A stored archive in which a text of one file is replaced by one of the same length.
 *
 * @param {Buffer} archive
 * @param {string} before
 * @param {string} after
 */
function changed(archive, before, after) {
  const copy = Buffer.from(archive);
  const at = copy.indexOf(before);
  copy.write(after, at);
  // The local header that stands before it, and the entry of the directory that points there.
  const local = copy.lastIndexOf("PK\x03\x04", at, "latin1");
  const bytes = copy.readUInt32LE(local + 22);
  const start = local + 30 + copy.readUInt16LE(local + 26) + copy.readUInt16LE(local + 28);
  const crc = crc32(copy.subarray(start, start + bytes));
  copy.writeUInt32LE(crc, local + 14);
  for (let entry = 0; ; entry += 1) {
    entry = copy.indexOf("PK\x01\x02", entry, "latin1");
    if (entry === -1) throw new Error("the archive has no such file");
    if (copy.readUInt32LE(entry + 42) !== local) continue;
    copy.writeUInt32LE(crc, entry + 16);
    return copy;
  }
}

/** @param {Buffer} bytes */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

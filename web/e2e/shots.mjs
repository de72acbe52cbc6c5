// @ts-check
/**
 * Every page of the console in every state that it has: where it is, and what to do to see it.
 *
 * Over the mock, whose workspaces are full, empty, broken and slow. A shot is ready when nothing loads any more, unless
 * loading is what it shows.
 */

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {{
 *   name: string,
 *   address: string | ((at: { job: (name: string) => string, deployment: (name: string) => string }) => string),
 *   prepare?: (page: Page, mock: { url: string, close: () => Promise<void> }) => Promise<unknown>,
 *   isSignedIn?: boolean,
 *   isLoading?: boolean,
 * }} Shot
 */

const EDITOR = ".cm-content";
const DIALOG = "[role=dialog]";
const MORE = "[aria-label='More about this deployment']";

/** @param {string} text */
const write = (text) => async (/** @type {Page} */ page) => {
  await page.click(EDITOR);
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
};
/** @param {string} selector */
const click = (selector) => (/** @type {Page} */ page) => page.click(selector);
/** @param {string} selector */
const seen = (selector) => (/** @type {Page} */ page) => page.waitForSelector(selector);
/** @param {string} name */
const job =
  (name, search = "") =>
  (/** @type {{ job: (name: string) => string }} */ at) =>
    at.job(name) + search;
/** @param {string} name */
const deployment =
  (name, search = "") =>
  (/** @type {{ deployment: (name: string) => string }} */ at) =>
    at.deployment(name) + search;

/** @type {Shot[]} */
export const SHOTS = [
  { name: "sign-in", address: "/sign-in", isSignedIn: false },
  {
    name: "sign-in-refused",
    address: "/sign-in",
    isSignedIn: false,
    async prepare(page) {
      await page.fill("[name=name]", "ada");
      await page.fill("[name=password]", "wrong");
      await page.click("button[type=submit]");
      await page.waitForSelector("text=do not fit");
    },
  },
  { name: "home", address: "/w/demo" },
  { name: "home-empty", address: "/w/empty" },
  { name: "home-error", address: "/w/broken" },
  { name: "home-loading", address: "/w/slow", isLoading: true },
  {
    name: "server-lost",
    address: "/w/demo/jobs",
    async prepare(page, mock) {
      await page.click("nav >> text=Home");
      await page.waitForSelector("text=Needs you");
      await page.click("nav >> text=Jobs");
      await page.waitForSelector("h1:has-text('Jobs')");
      await mock.close();
      await page.click("nav >> text=Home");
      await page.waitForSelector("text=The server cannot be reached.");
    },
  },
  { name: "jobs", address: "/w/demo/jobs" },
  { name: "jobs-search-none", address: "/w/demo/jobs?q=nothing" },
  { name: "jobs-empty", address: "/w/empty/jobs" },
  { name: "jobs-error", address: "/w/broken/jobs" },
  { name: "jobs-loading", address: "/w/slow/jobs", isLoading: true },
  { name: "jobs-new", address: "/w/demo/jobs", prepare: click("text=New job") },
  { name: "job", address: job("hot auctions"), prepare: seen("text=checked") },
  { name: "job-long-name", address: job("a very long name"), prepare: seen("text=checked") },
  {
    name: "job-run",
    address: job("hot auctions"),
    async prepare(page) {
      await page.click(EDITOR);
      await page.keyboard.press("Control+Enter");
      await page.waitForSelector("[data-op='-D']");
      await page.click("button:has-text('Stop')");
    },
  },
  {
    name: "job-table",
    address: job("hot auctions", "?view=table"),
    async prepare(page) {
      await page.click("button:has-text('Run')");
      await page.click("tbody tr >> nth=7");
      await page.waitForSelector("aside");
    },
  },
  {
    name: "job-problems",
    address: job("hot auctions", "?panel=problems"),
    async prepare(page) {
      await write("SELECT pric FORM bids;")(page);
      await page.waitForSelector("text=did you mean FROM?");
    },
  },
  {
    name: "job-completion",
    address: job("hot auctions"),
    async prepare(page) {
      await write("SELECT upp")(page);
      await page.waitForSelector(".cm-completionInfo");
    },
  },
  { name: "job-plan", address: job("card fraud", "?panel=plan"), prepare: seen(".react-flow__node") },
  {
    name: "job-conflict",
    address: job("hot auctions"),
    async prepare(page) {
      await write("-- conflict")(page);
      await page.click("text=Compare");
      await page.waitForSelector("text=Theirs (−)");
    },
  },
  { name: "job-versions", address: job("hot auctions", "?tab=versions"), prepare: seen("[data-op='+']") },
  { name: "job-versions-empty", address: job("user profile join 3", "?tab=versions") },
  { name: "job-settings", address: job("hot auctions", "?tab=settings") },
  {
    name: "job-deploy",
    address: job("hot auctions", "?tab=versions&version=3"),
    async prepare(page) {
      await page.click("text=Deploy it");
      await page.waitForSelector("text=one hash exchange");
    },
  },
  {
    name: "job-deploy-cluster",
    address: job("hot auctions", "?tab=versions&version=3"),
    async prepare(page) {
      await page.click("text=Deploy it");
      await page.click(`${DIALOG} >> text=A new deployment`);
      await page.getByLabel("Runs on").selectOption("flink-prod");
      await page.waitForSelector("option:checked:has-text('3 of 4 slots free')", { state: "attached" });
      await page.waitForSelector("option:has-text('flink-lab · unreachable')", { state: "attached" });
    },
  },
  {
    name: "job-deploy-cluster-refused",
    address: job("hot auctions", "?tab=versions&version=3"),
    async prepare(page) {
      const problem = {
        title: "the request is not valid",
        status: 422,
        detail: "the version cannot run on 'flink'",
        diagnostics: [
          {
            severity: "error",
            kind: "validation",
            message: "a job on Flink has one statement that writes, this one has 2",
            hint: "put all inserts into one statement set: BEGIN STATEMENT SET; ...; END;",
            span: { line: 12, column: 1, end_line: 14, end_column: 20, start: 310, end: 402 },
          },
        ],
      };
      await page.route("**/workspaces/demo/deployments", (route) =>
        route.fulfill({ status: 422, json: problem }),
      );
      await page.click("text=Deploy it");
      await page.click(`${DIALOG} >> text=A new deployment`);
      await page.getByLabel("Runs on").selectOption("flink-prod");
      await page.click(`${DIALOG} button:has-text('Deploy')`);
      await page.waitForSelector(`${DIALOG} >> text=put all inserts into one statement set`);
      await page.locator("text=put all inserts").scrollIntoViewIfNeeded();
    },
  },
  { name: "job-missing", address: "/w/demo/jobs/dr_none" },
  { name: "deployments", address: "/w/demo/deployments" },
  { name: "deployments-empty", address: "/w/empty/deployments" },
  { name: "deployments-error", address: "/w/broken/deployments" },
  { name: "deployments-failed", address: "/w/demo/deployments?phase=failed,awaiting_approval" },
  { name: "deployment", address: deployment("hot auctions"), prepare: seen("canvas") },
  {
    name: "deployment-long-name",
    address: deployment("a very long name"),
    prepare: seen("canvas"),
  },
  {
    name: "deployment-on-cluster",
    address: deployment("orders by shop"),
    prepare: seen("h1 ~ * >> text=on flink-prod"),
  },
  {
    name: "deployment-upgrade-on-cluster",
    address: deployment("orders by shop"),
    async prepare(page) {
      await page.click("button:has-text('Upgrade')");
      await page.waitForSelector(`${DIALOG} input[value=flink-prod]`);
    },
  },
  { name: "deployment-failed", address: deployment("card fraud"), prepare: seen(".react-flow__node") },
  {
    name: "deployment-failed-place",
    address: deployment("card fraud"),
    async prepare(page) {
      await page.click("text=line 9, column 1");
      await page.waitForSelector(".cm-lintRange-error");
    },
  },
  { name: "deployment-recovering", address: deployment("late shipments", "?tab=runs") },
  {
    name: "deployment-logs",
    address: deployment("hot auctions", "?tab=logs"),
    prepare: seen("[data-level=warn]"),
  },
  { name: "deployment-logs-empty", address: deployment("currency rates", "?tab=logs") },
  {
    name: "deployment-checkpoints",
    address: deployment("hot auctions", "?tab=checkpoints"),
    prepare: seen("text=Went on from"),
  },
  {
    name: "deployment-checkpoints-anew",
    address: deployment("hot auctions", "?tab=checkpoints"),
    async prepare(page) {
      await page.click(MORE);
      await page.click("text=Restart without state");
      await page.click(`${DIALOG} >> text=Restart it`);
      await page.waitForSelector("text=Began anew");
    },
  },
  {
    name: "deployment-checkpoints-last",
    address: deployment("price changes", "?tab=checkpoints"),
    prepare: seen("text=at the end of its run"),
  },
  {
    name: "deployment-checkpoints-damaged",
    address: deployment("late shipments", "?tab=checkpoints"),
    prepare: seen("text=damaged:"),
  },
  { name: "deployment-checkpoints-empty", address: deployment("currency rates", "?tab=checkpoints") },
  {
    name: "deployment-checkpoints-error",
    address: deployment("hot auctions"),
    async prepare(page) {
      const problem = { title: "the store cannot be read", status: 500, hint: "See the server's log." };
      await page.route("**/checkpoints", (route) => route.fulfill({ status: 500, json: problem }));
      await page.click("[role=tab]:has-text('Checkpoints')");
      await page.waitForSelector("[role=alert]");
    },
  },
  {
    name: "deployment-checkpoints-loading",
    address: deployment("hot auctions"),
    async prepare(page) {
      await page.route("**/checkpoints", () => {});
      await page.click("[role=tab]:has-text('Checkpoints')");
      await page.waitForSelector("[aria-busy=true]");
    },
    isLoading: true,
  },
  {
    name: "deployment-savepoint-take",
    address: deployment("hot auctions", "?tab=checkpoints"),
    async prepare(page) {
      await page.click("text=Take a savepoint");
      await page.waitForSelector(DIALOG);
    },
  },
  {
    name: "deployment-savepoint-start",
    address: deployment("hot auctions", "?tab=checkpoints"),
    async prepare(page) {
      await page.click("[aria-label='More about savepoint before the new fees']");
      await page.click("text=Start from it");
      await page.waitForSelector(`${DIALOG} >> text=is kept`);
    },
  },
  {
    name: "deployment-savepoint-delete",
    address: deployment("hot auctions", "?tab=checkpoints"),
    async prepare(page) {
      await page.click("[aria-label='More about savepoint for the night']");
      await page.click("text=Delete it…");
      await page.waitForSelector(`${DIALOG} >> text=Nobody can go on`);
    },
  },
  {
    name: "deployment-savepoints-error",
    address: deployment("hot auctions"),
    async prepare(page) {
      const problem = { title: "the store cannot be read", status: 500, hint: "See the server's log." };
      await page.route("**/savepoints?**", (route) => route.fulfill({ status: 500, json: problem }));
      await page.click("[role=tab]:has-text('Checkpoints')");
      await page.waitForSelector("[role=alert]");
    },
  },
  {
    name: "deployment-savepoints-loading",
    address: deployment("hot auctions"),
    async prepare(page) {
      await page.route("**/savepoints?**", () => {});
      await page.click("[role=tab]:has-text('Checkpoints')");
      await page.waitForSelector("[aria-busy=true]");
    },
    isLoading: true,
  },
  {
    name: "deployment-failed-state",
    address: deployment("clicks to warehouse"),
    prepare: seen(".react-flow__node"),
  },
  {
    name: "deployment-without-state",
    address: deployment("clicks to warehouse"),
    async prepare(page) {
      await page.click("text=Start without state");
      await page.waitForSelector(`${DIALOG} >> text=Start it`);
    },
  },
  {
    name: "deployment-more",
    address: deployment("hot auctions"),
    async prepare(page) {
      await page.click(MORE);
      await page.waitForSelector("[role=menuitem]");
    },
  },
  { name: "deployment-sql", address: deployment("hot auctions", "?tab=sql"), prepare: seen(".cm-line") },
  {
    name: "deployment-upgrade",
    address: deployment("hot auctions"),
    async prepare(page) {
      await page.click("button:has-text('Upgrade')");
      await page.selectOption(`${DIALOG} select`, "2");
      await page.waitForFunction(() => {
        const change = document.querySelector("[aria-label='What changes'] [data-op='-']");
        const [line, box] = [change, change?.closest("[role=region]")].map((each) =>
          each?.getBoundingClientRect(),
        );
        return line && box && line.top >= box.top && line.bottom <= box.bottom;
      });
      await page.waitForSelector(`${DIALOG} >> text=is kept`);
    },
  },
  {
    name: "deployment-upgrade-savepoint",
    // The savepoints of another deployment are newer than its own.
    address: deployment("clicks to warehouse"),
    async prepare(page) {
      await page.click("button:has-text('Upgrade')");
      await page.click(`${DIALOG} >> text=Begin from a savepoint`);
      await page.waitForSelector(
        "optgroup:first-of-type[label='Of this deployment'] option:first-child:checked",
        {
          state: "attached",
        },
      );
      await page.waitForSelector("optgroup[label='Of other deployments']", { state: "attached" });
      await page.waitForSelector(`${DIALOG} button:enabled:has-text('Upgrade')`);
    },
  },
  {
    name: "deployment-upgrade-savepoint-of-others",
    address: deployment("card fraud"),
    async prepare(page) {
      await page.click("button:has-text('Upgrade')");
      await page.click(`${DIALOG} >> text=Begin from a savepoint`);
      await page.waitForSelector("option:checked:has-text('Choose one')", { state: "attached" });
      await page.waitForSelector(`${DIALOG} button:disabled:has-text('Upgrade')`);
    },
  },
  {
    name: "deployment-upgrade-savepoint-chosen",
    address: deployment("card fraud"),
    async prepare(page) {
      await page.click("button:has-text('Upgrade')");
      await page.click(`${DIALOG} >> text=Begin from a savepoint`);
      await page.selectOption("[aria-label=Savepoint]", { index: 1 });
      await page.waitForSelector(`${DIALOG} button:enabled:has-text('Upgrade')`);
    },
  },
  {
    name: "deployment-upgrade-lost",
    address: deployment("hot auctions"),
    async prepare(page) {
      await page.click("button:has-text('Upgrade')");
      await page.selectOption(`${DIALOG} select`, "1");
      await page.waitForSelector(`${DIALOG} >> text=would be lost`);
    },
  },
  {
    name: "deployment-upgrade-error",
    address: deployment("hot auctions"),
    async prepare(page) {
      const problem = {
        title: "the request is not valid",
        status: 422,
        detail: "it cannot be told what becomes of the state",
      };
      await page.route("**/verdict", (route) => route.fulfill({ status: 422, json: problem }));
      await page.click("button:has-text('Upgrade')");
      await page.waitForSelector(`${DIALOG} [role=alert]`);
    },
  },
  {
    name: "deployment-stop",
    address: deployment("hot auctions"),
    async prepare(page) {
      await page.click("button:has-text('Stop')");
      await page.waitForSelector(`${DIALOG} >> text=Stop it`);
    },
  },
  { name: "catalog", address: "/w/demo/catalog?table=default.auctions.events" },
  {
    name: "catalog-sample",
    address: "/w/demo/catalog?table=default.shop.payments&tab=sample",
    prepare: seen("tbody td"),
  },
  {
    name: "catalog-ddl",
    address: "/w/demo/catalog?table=default.shop.payments&tab=ddl",
    prepare: seen(".cm-line"),
  },
  {
    name: "catalog-new",
    address: "/w/demo/catalog",
    async prepare(page) {
      await page.click("text=New table");
      await page.waitForSelector(`${DIALOG} .cm-line`);
    },
  },
  { name: "catalog-empty", address: "/w/empty/catalog" },
  { name: "catalog-error", address: "/w/broken/catalog" },
  { name: "connections", address: "/w/demo/connections" },
  { name: "connections-empty", address: "/w/empty/connections" },
  {
    name: "connections-test",
    address: "/w/demo/connections",
    async prepare(page) {
      await page.click("[aria-label='Test orders-kafka']");
      await page.waitForSelector("text=connection refused");
    },
  },
  {
    name: "connections-edit",
    address: "/w/demo/connections",
    async prepare(page) {
      await page.click("[aria-label='Edit orders-kafka']");
      await page.waitForSelector(DIALOG);
    },
  },
  { name: "secrets", address: "/w/demo/secrets" },
  { name: "secrets-empty", address: "/w/empty/secrets" },
  {
    name: "secrets-new",
    address: "/w/demo/secrets",
    async prepare(page) {
      await page.click("text=New secret");
      await page.waitForSelector(DIALOG);
    },
  },
  { name: "members", address: "/w/demo/members" },
  {
    name: "members-add",
    address: "/w/demo/members",
    async prepare(page) {
      await page.click("text=Add a member");
      await page.waitForSelector(DIALOG);
    },
  },
  { name: "tokens", address: "/w/demo/tokens" },
  {
    name: "tokens-made",
    address: "/w/demo/tokens",
    async prepare(page) {
      await page.click("text=New token");
      await page.fill(`${DIALOG} input`, "my laptop");
      await page.click("text=Make the token");
      await page.waitForSelector("text=Copy it now");
    },
  },
  { name: "users", address: "/w/demo/users" },
  { name: "clusters", address: "/w/demo/clusters" },
  {
    name: "clusters-empty",
    address: "/w/demo/users",
    async prepare(page) {
      await page.route("**/clusters?**", (route) =>
        route.fulfill({ json: { items: [], next_cursor: null } }),
      );
      await page.click("nav >> text=Clusters");
      await page.waitForSelector("text=No clusters");
    },
  },
  {
    name: "clusters-error",
    address: "/w/demo/users",
    async prepare(page) {
      const problem = { title: "the store cannot be read", status: 500, hint: "See the server's log." };
      await page.route("**/clusters?**", (route) => route.fulfill({ status: 500, json: problem }));
      await page.click("nav >> text=Clusters");
      await page.waitForSelector("[role=alert]");
    },
  },
  {
    name: "clusters-loading",
    address: "/w/demo/users",
    async prepare(page) {
      await page.route("**/clusters?**", () => {});
      await page.click("nav >> text=Clusters");
      await page.waitForSelector("h1:has-text('Clusters')");
    },
    isLoading: true,
  },
  {
    name: "clusters-attach",
    address: "/w/demo/clusters",
    async prepare(page) {
      await page.click("text=Attach a cluster");
      await page.fill(`${DIALOG} [placeholder='flink-prod']`, "flink-prod");
      await page.waitForSelector(`${DIALOG} >> text=there is a cluster of this name already`);
    },
  },
  {
    name: "clusters-attach-refused",
    address: "/w/demo/clusters",
    async prepare(page) {
      await page.click("text=Attach a cluster");
      await page.getByLabel("Name").fill("flink-new");
      await page.getByLabel("Address").fill("flink-new:8081");
      await page.getByLabel("Storage").fill("s3://oceanus-state/flink-new");
      await page.getByRole("combobox", { name: "Workspaces" }).click();
      await page.click("[role=option]:has-text('Demo')");
      await page.keyboard.press("Tab");
      await page.click(`${DIALOG} button:has-text('Attach')`);
      await page.waitForSelector(`${DIALOG} [role=alert]`);
    },
  },
  {
    name: "clusters-workspaces",
    address: "/w/demo/clusters",
    async prepare(page) {
      await page.click("[aria-label='Edit flink-lab']");
      await page.getByRole("combobox", { name: "Workspaces" }).click();
      await page.waitForSelector("[role=option]:has-text('Slow')");
    },
  },
  {
    name: "clusters-detach-refused",
    address: "/w/demo/clusters",
    async prepare(page) {
      await page.click("[aria-label='Detach flink-prod']");
      await page.click(`${DIALOG} >> text=Detach it`);
      await page.waitForSelector(`${DIALOG} >> text=orders by shop`);
    },
  },
  {
    name: "password",
    address: "/w/demo/users",
    async prepare(page) {
      await page.click("text=Signed in:");
      await page.click("text=Change your password");
      await page.waitForSelector(DIALOG);
    },
  },
  { name: "audit", address: "/w/demo/audit?event=5229" },
  { name: "audit-server", address: "/w/demo/audit?of=server" },
  { name: "audit-empty", address: "/w/empty/audit" },
  { name: "workspace", address: "/w/demo/workspace" },
  {
    name: "workspace-import",
    address: "/w/demo/workspace",
    async prepare(page) {
      await page.setInputFiles("input[accept='.zip']", {
        name: "demo.zip",
        mimeType: "application/zip",
        // Two stored files: workspace.yaml and jobs/late.sql.
        buffer: Buffer.from(IMPORTED, "base64"),
      });
      await page.click("summary >> nth=0");
    },
  },
  {
    name: "palette",
    address: "/w/demo/jobs",
    async prepare(page) {
      await page.keyboard.press("Control+k");
      await page.waitForSelector("[placeholder^='Find a job']");
      await page.keyboard.type("auc");
      await page.waitForSelector("[data-selected]:has-text('hot auctions')");
    },
  },
  { name: "new-workspace", address: "/new-workspace" },
  { name: "not-found", address: "/w/demo/nowhere" },
];

const IMPORTED =
  "UEsDBBQAAAAAAAAAIQBgQ9ArEwAAABMAAAAOAAAAd29ya3NwYWNlLnlhbWxkaXNwbGF5X25hbWU6IERlbW8KUEsDBBQAAAAAAAAAIQDIP/DILAAAACwAAAANAAAAam9icy9sYXRlLnNxbFNFTEVDVCAqIEZST00gb3JkZXJzCldIRVJFIHBhaWRfYXQgSVMgTlVMTDsKUEsBAhQDFAAAAAAAAAAhAGBD0CsTAAAAEwAAAA4AAAAAAAAAAAAAAIABAAAAAHdvcmtzcGFjZS55YW1sUEsBAhQDFAAAAAAAAAAhAMg/8MgsAAAALAAAAA0AAAAAAAAAAAAAAIABPwAAAGpvYnMvbGF0ZS5zcWxQSwUGAAAAAAIAAgB3AAAAlgAAAAAA";

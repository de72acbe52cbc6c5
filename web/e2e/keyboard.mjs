// @ts-check
/**
 * A person who has a keyboard and nothing else.
 *
 * Wherever they come by Tab it must be seen where they are: what has the focus looks otherwise than it does without. That
 * is told when they go on, and ends the story.
 */

/** @typedef {import("playwright-core").Page} Page */

/** From anywhere to anywhere on a page; more, and something swallows the focus. */
const STOPS_MAX = 80;

/** @param {Page} page */
export function keyboardOf(page) {
  const press = (/** @type {string} */ key) => page.keyboard.press(key);

  /**
   * Goes on by Tab until what has the focus fits a selector.
   *
   * @param {string} selector
   * @param {"Tab" | "Shift+Tab"} [key]
   */
  async function goTo(selector, key = "Tab") {
    // Some controls are drawn by their label, and have no size of their own.
    await page.waitForSelector(selector, { state: "attached" });
    const there = page.locator(selector).and(page.locator(":focus"));
    const passed = [];
    for (let stop = 0; stop < STOPS_MAX; stop += 1) {
      const { at, unseen } = await page.evaluate(look);
      if (unseen) throw new Error(`nobody sees that ${unseen} has the focus`);
      if ((await there.count()) > 0) return;
      passed.push(at);
      await press(key);
    }
    throw new Error(`${key} does not lead to ${selector}, but to:\n${passed.join("\n")}`);
  }

  return {
    press,
    goTo,
    type: (/** @type {string} */ text) => page.keyboard.type(text),
    /** Pastes. @param {string} text */
    insert: (text) => page.keyboard.insertText(text),
    /** In an editor Tab indents. The first Escape closes what is offered there, the second lets Tab lead out. */
    async leaveEditor() {
      await press("Escape");
      await press("Escape");
    },
    /** Goes there and presses Enter. @param {string} selector */
    async choose(selector, key = "Enter") {
      await goTo(selector);
      await press(key);
    },
    /** Opens a place of the rail by the palette. @param {string} name */
    async open(name) {
      await press("Control+k");
      await page.waitForSelector("[placeholder^='Find a job']");
      await page.keyboard.type(name);
      await page.waitForSelector(`[data-action][data-selected]:has-text("${name}")`);
      await press("Enter");
      await page.waitForSelector("[placeholder^='Find a job']", { state: "detached" });
    },
  };
}

/** Where the focus is, and what had it before without being told from the rest. */
async function look() {
  const memory = /** @type {{ focused?: { element: Element, looks: string } }} */ (
    /** @type {unknown} */ (window)
  );
  const LEVELS = 4;
  const PROPERTIES = /** @type {const} */ ([
    "outlineStyle",
    "outlineWidth",
    "outlineColor",
    "boxShadow",
    "borderColor",
    "backgroundColor",
    "backgroundImage",
    "color",
  ]);
  const looksOf = (/** @type {Element} */ element) => {
    const looks = [];
    // Or the label behind it.
    const label = element.nextElementSibling;
    if (label) looks.push(PROPERTIES.map((name) => getComputedStyle(label)[name]).join());
    for (let each = /** @type {Element | null} */ (element), level = 0; each && level < LEVELS; level += 1) {
      for (const pseudo of [null, "::before", "::after"]) {
        const style = getComputedStyle(each, pseudo);
        looks.push(PROPERTIES.map((name) => style[name]).join());
      }
      each = each.parentElement;
    }
    return looks.join("|");
  };
  const describe = (/** @type {Element} */ element) =>
    `<${element.tagName.toLowerCase()} ${element.getAttribute("aria-label") ?? element.textContent?.slice(0, 40) ?? ""}>`;

  const active = document.activeElement ?? document.body;
  const before = memory.focused;
  // The editor shows a moment later that it has the focus, or has lost it.
  if ([active, before?.element].some((each) => each?.closest(".cm-editor"))) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const isUnseen =
    before !== undefined &&
    before.element !== active &&
    before.element.isConnected &&
    before.element !== document.body &&
    looksOf(before.element) === before.looks;
  memory.focused = { element: active, looks: looksOf(active) };
  return {
    at: describe(active),
    unseen: isUnseen ? describe(before.element) : null,
  };
}

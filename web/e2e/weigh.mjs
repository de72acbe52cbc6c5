/**
 * What the sign-in page makes a browser load: its scripts and styles, compressed. Fails above the limit.
 *
 * Reads `web/dist`; follows static imports from the entry and from the page, so no browser is needed.
 */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT_BYTES = 160_000;
const DIST = fileURLToPath(new URL("../dist/", import.meta.url));

const html = readFileSync(`${DIST}index.html`, "utf8");
const found = new Set(
  [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+\.(?:js|css))"/g)].map(([, file]) => file),
);
for (const file of readdirSync(`${DIST}assets`)) {
  if (/^SignInPage-.*\.(js|css)$/.test(file)) found.add(`assets/${file}`);
}
// A set gives out what is added while it is walked.
for (const file of found) {
  if (!file.endsWith(".js")) continue;
  const text = readFileSync(DIST + file, "utf8");
  for (const [, imported] of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g))
    found.add(`assets/${imported}`);
}
let total = 0;
for (const file of found) total += gzipSync(readFileSync(DIST + file)).length;
console.log(`sign-in: ${total} bytes compressed in ${found.size} files, of ${LIMIT_BYTES}`);
process.exitCode = total > LIMIT_BYTES ? 1 : 0;

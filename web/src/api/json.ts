/**
 * JSON whose numbers lose nothing.
 *
 * A number that JavaScript would print otherwise than it was written (a BIGINT past 2^53, `1.50`, `1.0`) stays the text
 * it was; every other number is a number.
 */

const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

export function parseExact(text: string): unknown {
  return JSON.parse(quoteInexactNumbers(text));
}

function quoteInexactNumbers(text: string): string {
  let result = "";
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('"', at);
    const outside = open === -1 ? text.slice(at) : text.slice(at, open);
    result += outside.replace(NUMBER, (digits) =>
      String(Number(digits)) === digits ? digits : `"${digits}"`,
    );
    if (open === -1) break;
    const close = closingQuote(text, open);
    result += text.slice(open, close + 1);
    at = close + 1;
  }
  return result;
}

function closingQuote(text: string, open: number): number {
  let close = open;
  do {
    close = text.indexOf('"', close + 1);
    // JSON.parse reports the text that never ends.
    if (close === -1) return text.length;
  } while (isEscaped(text, close));
  return close;
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === "\\") backslashes += 1;
  return backslashes % 2 === 1;
}

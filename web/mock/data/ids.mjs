/** Names and times for made-up things: names look like the server's, times lie before the start of the process. */

export const DAY = 86_400_000;
export const NOW = Date.now();

export const at = (ms) => new Date(ms).toISOString();
export const before = (ms) => at(NOW - ms);

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
let serial = 0;

export function id(prefix) {
  serial += 1;
  let text = "";
  let rest = serial * 7919;
  for (let place = 0; place < 26; place += 1) {
    text = ALPHABET[(rest + place * 11) % 32] + text;
    rest = Math.floor(rest / 3) + place;
  }
  return `${prefix}_01k${text.slice(3)}`;
}

/** Numbers, sizes and times for people. Nothing here is ever sent back. */

const plain = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 1234567 → "1,234,567". */
export function count(value: number): string {
  return plain.format(value);
}

/** 12345 → "12.3k". Three digits at most, so that columns of them stay narrow. */
export function compact(value: number): string {
  const absolute = Math.abs(value);
  if (absolute < 10) return String(Math.round(value * 10) / 10);
  if (absolute < 1000) return String(Math.round(value));
  for (const [size, unit] of [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (absolute >= size * 0.9995) {
      const scaled = value / size;
      return `${Math.abs(scaled) < 99.95 ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
    }
  }
  return String(Math.round(value));
}

export function rate(perSecond: number): string {
  return `${compact(perSecond)}/s`;
}

export function bytes(value: number): string {
  let scaled = value;
  let unit = "B";
  for (const next of ["KiB", "MiB", "GiB", "TiB"]) {
    if (scaled < 1024) break;
    scaled /= 1024;
    unit = next;
  }
  return `${scaled < 10 && unit !== "B" ? scaled.toFixed(1) : Math.round(scaled)} ${unit}`;
}

/** 90061000 → "25 h 1 min"; the two largest units, and days from two on. */
export function duration(ms: number): string {
  if (ms < 0) return `−${duration(-ms)}`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return two(minutes, "min", Math.floor((ms % 60_000) / 1000), "s");
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return two(hours, "h", minutes % 60, "min");
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** "just now", "5 min ago", "in 3 d". */
export function ago(time: string, now: number): string {
  const ms = now - Date.parse(time);
  if (Math.abs(ms) < 5_000) return "just now";
  const minutes = Math.floor(Math.abs(ms) / 60_000);
  const text =
    minutes < 1
      ? `${Math.floor(Math.abs(ms) / 1000)} s`
      : minutes < 60
        ? `${minutes} min`
        : minutes < 48 * 60
          ? `${Math.floor(minutes / 60)} h`
          : `${Math.floor(minutes / 1440)} d`;
  return ms < 0 ? `in ${text}` : `${text} ago`;
}

/** "2026-11-22 23:54:01" in the reader's zone. */
export function dateTime(time: string | number): string {
  const date = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}

/** "failed" and "awaiting_approval" for people. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}

/** One line for a table cell, whatever the value holds. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "string") return value;
  if (typeof value === "object") return JSON.stringify(value);
  return String(value);
}

import { deflateRawSync } from "node:zlib";
import { expect, it } from "vitest";
import { readZip, writeZip, ZipError } from "./zip";

const BYTES_MAX = 1_000_000;
const FILES = { "workspace.yaml": "name: demo\n", "jobs/größe, 価格.sql": "SELECT 'ä';\n", "empty.sql": "" };

/** The same archive with one file compressed, as other tools write it. */
function compressed(path: string, text: string, change: (archive: DataView) => void = () => {}) {
  const packed = deflateRawSync(text);
  // Written with the packed bytes for content, then told what they are.
  const archive = writeZip({ [path]: packed.toString("latin1") });
  const plain = writeZip({ [path]: text });
  const name = new TextEncoder().encode(path).length;
  const latin1AsUtf8 = new TextEncoder().encode(packed.toString("latin1")).length;
  const whole = new Uint8Array(archive.length - latin1AsUtf8 + packed.length);
  whole.set(archive.subarray(0, 30 + name), 0);
  whole.set(packed, 30 + name);
  whole.set(archive.subarray(30 + name + latin1AsUtf8), 30 + name + packed.length);
  const view = new DataView(whole.buffer);
  const crc = new DataView(plain.buffer).getUint32(14, true);
  const central = 30 + name + packed.length;
  for (const [method, sizes] of [
    [8, 14],
    [central + 10, central + 16],
  ] as const) {
    view.setUint16(method, 8, true);
    view.setUint32(sizes, crc, true);
    view.setUint32(sizes + 4, packed.length, true);
    view.setUint32(sizes + 8, text.length, true);
  }
  view.setUint32(whole.length - 6, central, true);
  change(view);
  return whole;
}

it("reads what it wrote, with names of every script", async () => {
  expect(await readZip(writeZip(FILES), BYTES_MAX)).toEqual(FILES);
});

it("writes the same bytes for the same files", () => {
  expect(writeZip(FILES)).toEqual(writeZip({ ...FILES }));
});

it("reads compressed files", async () => {
  const text = "SELECT 1;\n".repeat(5_000);
  expect(await readZip(compressed("jobs/a.sql", text), BYTES_MAX)).toEqual({ "jobs/a.sql": text });
});

it("refuses a small archive that unfolds into a large one", async () => {
  const bomb = compressed("jobs/a.sql", "0".repeat(BYTES_MAX + 1));
  expect(bomb.length).toBeLessThan(BYTES_MAX / 100);
  await expect(readZip(bomb, BYTES_MAX)).rejects.toThrow("too large");
  await expect(readZip(writeZip({ a: "0".repeat(600), b: "0".repeat(600) }), 1_000)).rejects.toThrow(
    "too large",
  );
});

it("leaves folders out", async () => {
  expect(await readZip(writeZip({ "jobs/": "", "jobs/a.sql": "SELECT 1;" }), BYTES_MAX)).toEqual({
    "jobs/a.sql": "SELECT 1;",
  });
});

it("says what is wrong with an archive", async () => {
  const text = "SELECT 1;\n".repeat(100);
  const damaged = writeZip({ a: text });
  damaged[40] = 0x20;
  const encrypted = compressed("a", text, (view) => {
    view.setUint16(view.getUint32(view.byteLength - 6, true) + 8, 0x0801, true);
  });
  const unknown = compressed("a", text, (view) => {
    view.setUint16(view.getUint32(view.byteLength - 6, true) + 10, 14, true);
  });
  const unnamed = compressed("a", text, (view) => {
    view.setUint8(view.getUint32(view.byteLength - 6, true) + 46, 0xff);
  });
  for (const [bytes, message] of [
    [new Uint8Array(10), "no ZIP archive"],
    [damaged, "'a' is damaged"],
    [encrypted, "'a' is encrypted"],
    [unknown, "other than deflate"],
    [unnamed, "a name in the archive is no text"],
    [writeZip({ a: text }).slice(60), "damaged"],
  ] as const) {
    const error = await readZip(bytes, BYTES_MAX).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ZipError);
    expect(String(error)).toContain(message);
  }
});

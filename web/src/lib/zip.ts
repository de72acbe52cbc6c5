/**
 * Texts in a ZIP archive: how a workspace leaves the browser, and how it comes back.
 *
 * Written archives are stored, not compressed, and the same files give the same bytes. Read archives may be compressed by
 * deflate, as every tool does it; encrypted ones and those past 4 GiB are refused. Sizes are checked while reading, so that
 * a small archive cannot unfold into a large one.
 */

export class ZipError extends Error {
  override name = "ZipError";
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const END_BYTES = 22;
/** A comment may stand behind the end record. */
const COMMENT_BYTES_MAX = 0xffff;
const VERSION_NEEDED = 20;
const NAMES_ARE_UTF8 = 0x0800;
const IS_ENCRYPTED = 0x0001;
const STORED = 0;
const DEFLATED = 8;
/** The first of January 1980: archives tell no time. */
const DATE = 0x0021;

export function writeZip(files: Record<string, string>): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [path, text] of Object.entries(files)) {
    const name = encoder.encode(path);
    const content = encoder.encode(text);
    const common = [
      ...u16(VERSION_NEEDED),
      ...u16(NAMES_ARE_UTF8),
      ...u16(STORED),
      ...u16(0),
      ...u16(DATE),
      ...u32(crc32(content)),
      ...u32(content.length),
      ...u32(content.length),
      ...u16(name.length),
      ...u16(0),
    ];
    parts.push(Uint8Array.from([...u32(LOCAL), ...common]), name, content);
    const place = [...u16(0), ...u16(0), ...u16(0), ...u32(0), ...u32(offset)];
    directory.push(Uint8Array.from([...u32(CENTRAL), ...u16(VERSION_NEEDED), ...common, ...place]), name);
    offset += LOCAL_BYTES + name.length + content.length;
  }
  const count = Object.keys(files).length;
  const directoryBytes = directory.reduce((sum, part) => sum + part.length, 0);
  const end = [
    ...u32(END),
    ...u16(0),
    ...u16(0),
    ...u16(count),
    ...u16(count),
    ...u32(directoryBytes),
    ...u32(offset),
    ...u16(0),
  ];
  return joined([...parts, ...directory, Uint8Array.from(end)]);
}

/** The texts of an archive by their paths; folders are left out. Throws a `ZipError` that says what is wrong. */
export async function readZip(
  bytes: Uint8Array<ArrayBuffer>,
  textBytesMax: number,
): Promise<Record<string, string>> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endRecord(view);
  const count = view.getUint16(end + 10, true);
  const files: Record<string, string> = {};
  let at = view.getUint32(end + 16, true);
  let left = textBytesMax;
  for (let index = 0; index < count; index += 1) {
    if (at + CENTRAL_BYTES > view.byteLength || view.getUint32(at, true) !== CENTRAL) {
      throw new ZipError("the archive is damaged");
    }
    const nameBytes = view.getUint16(at + 28, true);
    const path = utf8(bytes.subarray(at + CENTRAL_BYTES, at + CENTRAL_BYTES + nameBytes), "a name");
    if (!path.endsWith("/")) {
      if (view.getUint16(at + 8, true) & IS_ENCRYPTED) throw new ZipError(`'${path}' is encrypted`);
      const content = await contentOf(bytes, view, at, path, left);
      left -= content.length;
      files[path] = utf8(content, `'${path}'`);
    }
    at += CENTRAL_BYTES + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return files;
}

function endRecord(view: DataView): number {
  const last = view.byteLength - END_BYTES;
  for (let at = last; at >= Math.max(0, last - COMMENT_BYTES_MAX); at -= 1) {
    if (view.getUint32(at, true) === END) return at;
  }
  throw new ZipError("this is no ZIP archive");
}

async function contentOf(
  bytes: Uint8Array<ArrayBuffer>,
  view: DataView,
  entry: number,
  path: string,
  bytesMax: number,
): Promise<Uint8Array> {
  const method = view.getUint16(entry + 10, true);
  const packedBytes = view.getUint32(entry + 20, true);
  const local = view.getUint32(entry + 42, true);
  if (local + LOCAL_BYTES > view.byteLength || view.getUint32(local, true) !== LOCAL) {
    throw new ZipError("the archive is damaged");
  }
  const start = local + LOCAL_BYTES + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
  if (start + packedBytes > view.byteLength) throw new ZipError("the archive ends too early");
  const packed = bytes.subarray(start, start + packedBytes);
  const content =
    method === STORED
      ? bounded(packed, bytesMax)
      : method === DEFLATED
        ? await inflated(packed, path, bytesMax)
        : null;
  if (!content) throw new ZipError(`'${path}' is compressed by a method other than deflate`);
  if (crc32(content) !== view.getUint32(entry + 16, true)) throw new ZipError(`'${path}' is damaged`);
  return content;
}

async function inflated(
  packed: Uint8Array<ArrayBuffer>,
  path: string,
  bytesMax: number,
): Promise<Uint8Array> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts: Uint8Array[] = [];
  let total = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return joined(parts);
      total += value.length;
      if (total > bytesMax) throw tooLarge();
      parts.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error instanceof ZipError ? error : new ZipError(`'${path}' is damaged`);
  }
}

function bounded(content: Uint8Array, bytesMax: number): Uint8Array {
  if (content.length > bytesMax) throw tooLarge();
  return content;
}

function tooLarge(): ZipError {
  return new ZipError("the files of the archive are too large");
}

function utf8(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new ZipError(`${what} in the archive is no text`);
  }
}

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function u16(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value), ...u16(value >>> 16)];
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

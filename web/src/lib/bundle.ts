/**
 * A workspace as files: what a reader chose on their disk, as the paths and texts that the server takes.
 *
 * A folder around all of it is left out, and so is what tools keep beside (`.git`, `.DS_Store`). Whether the files mean
 * something only the server says.
 */

import { readZip } from "./zip";

/** More than any workspace has; the server has a bound of its own. */
export const BUNDLE_BYTES_MAX = 16 * 1024 * 1024;
const FILES_MAX = 20_000;
/** Stands at the top of every workspace. */
const ROOT_FILE = "workspace.yaml";

/** What a browser gives for a chosen folder or for chosen files. */
export type Chosen = Pick<File, "name" | "size" | "arrayBuffer" | "webkitRelativePath">;

export async function bundleOf(chosen: Chosen[]): Promise<Record<string, string>> {
  const [first] = chosen;
  if (chosen.length === 1 && first && /\.zip$/i.test(first.name)) {
    if (first.size > BUNDLE_BYTES_MAX) throw tooLarge();
    const files = await readZip(new Uint8Array(await first.arrayBuffer()), BUNDLE_BYTES_MAX);
    return withoutTop(Object.fromEntries(Object.entries(files).filter(([path]) => isMeant(path))));
  }
  const meant = chosen
    .map((file) => ({ file, path: file.webkitRelativePath || file.name }))
    .filter(({ path }) => isMeant(path));
  if (meant.length > FILES_MAX) throw new Error(`these are more than ${FILES_MAX} files`);
  if (meant.reduce((sum, { file }) => sum + file.size, 0) > BUNDLE_BYTES_MAX) throw tooLarge();
  const files: Record<string, string> = {};
  for (const { file, path } of meant) files[path] = await textOf(file, path);
  return withoutTop(files);
}

function isMeant(path: string): boolean {
  return path.split("/").every((part) => !part.startsWith(".") && part !== "__MACOSX");
}

/** Paths begin where `workspace.yaml` lies: in the only folder at the top, or already there. */
function withoutTop(files: Record<string, string>): Record<string, string> {
  const tops = new Set(Object.keys(files).map((path) => path.slice(0, path.indexOf("/") + 1)));
  const [top] = tops;
  if (tops.size !== 1 || !top || files[top + ROOT_FILE] === undefined) return files;
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(top.length), text]));
}

async function textOf(file: Chosen, path: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    throw new Error(`'${path}' is no text`);
  }
}

function tooLarge(): Error {
  return new Error(`these files are larger than ${BUNDLE_BYTES_MAX / 1024 / 1024} MiB`);
}

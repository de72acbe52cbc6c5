import { expect, it } from "vitest";
import { BUNDLE_BYTES_MAX, bundleOf, type Chosen } from "./bundle";
import { writeZip } from "./zip";

function file(path: string, content: string | Uint8Array<ArrayBuffer>): Chosen {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    name: path.slice(path.lastIndexOf("/") + 1),
    webkitRelativePath: path.includes("/") ? path : "",
    size: bytes.length,
    arrayBuffer: async () => bytes.buffer,
  };
}

const WORKSPACE = { "workspace.yaml": "display_name: Demo\n", "jobs/a.sql": "SELECT 1;\n" };

it("takes a folder without its own name and without what tools keep in it", async () => {
  const chosen = [
    file("demo/workspace.yaml", "display_name: Demo\n"),
    file("demo/jobs/a.sql", "SELECT 1;\n"),
    file("demo/.git/config", "[core]"),
    file("demo/jobs/.DS_Store", "x"),
  ];
  expect(await bundleOf(chosen)).toEqual(WORKSPACE);
});

it("takes an archive, with or without a folder around it", async () => {
  const inside = Object.fromEntries(
    Object.entries(WORKSPACE).map(([path, text]) => [`demo-main/${path}`, text]),
  );
  expect(await bundleOf([file("demo.zip", writeZip(WORKSPACE))])).toEqual(WORKSPACE);
  expect(await bundleOf([file("demo.zip", writeZip(inside))])).toEqual(WORKSPACE);
});

it("leaves a folder that is part of the workspace where it is", async () => {
  expect(await bundleOf([file("jobs/a.sql", "SELECT 1;\n")])).toEqual({ "jobs/a.sql": "SELECT 1;\n" });
});

it("refuses what is no text, and what is too large", async () => {
  const image = file("demo/logo.png", new Uint8Array([0x89, 0x50, 0xff, 0xfe]));
  await expect(bundleOf([image])).rejects.toThrow("'demo/logo.png' is no text");
  const large = { ...file("demo/a.sql", ""), size: BUNDLE_BYTES_MAX + 1 };
  await expect(bundleOf([large])).rejects.toThrow("larger than 16 MiB");
});

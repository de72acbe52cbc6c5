import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { DraftContent } from "../api/drafts";
import type { Draft } from "../api/types";
import { Autosave, PAUSE_MS, RETRY_MS_MIN, type Server, type Unsaved } from "./autosave";

const STALE = new Error("stale");
const LOST = new Error("lost");

const draft = (sql: string, revision: number): Draft => ({
  id: "dr_1",
  workspace: "demo",
  name: "job",
  sql,
  settings: {},
  revision,
  created_at: "",
  updated_at: "",
  updated_by: "ada",
});

/** A server with one draft that refuses old revisions, and whose network can be cut. */
class OneDraft implements Server {
  stored = draft("a", 1);
  saves: string[] = [];
  /** Of each save, whether somebody asked for it. */
  asked: boolean[] = [];
  kept: Unsaved | null = null;
  isLost = false;
  async save(content: DraftContent, revision: number, isAutomatic: boolean): Promise<Draft> {
    await Promise.resolve();
    if (this.isLost) throw LOST;
    if (revision !== this.stored.revision) throw STALE;
    this.saves.push(content.sql);
    this.asked.push(!isAutomatic);
    this.stored = { ...this.stored, ...content, revision: revision + 1 };
    return this.stored;
  }
  async read(): Promise<Draft> {
    return this.stored;
  }
  isStale = (error: unknown) => error === STALE;
  mayPass = (error: unknown) => error === LOST;
  keep = (unsaved: Unsaved) => {
    this.kept = unsaved;
  };
}

function open() {
  const server = new OneDraft();
  return { server, autosave: new Autosave(server.stored, server) };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it("saves once after the writer pauses", async () => {
  const { server, autosave } = open();
  for (const sql of ["ab", "abc", "abcd"]) autosave.edit({ sql });
  expect(autosave.snapshot().state.kind).toBe("unsaved");
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(server.saves).toEqual(["abcd"]);
  expect(autosave.snapshot().state.kind).toBe("saved");
});

it("saves what was written while it saved", async () => {
  const { server, autosave } = open();
  autosave.edit({ sql: "one" });
  const saving = autosave.flush();
  autosave.edit({ sql: "two" });
  await saving;
  expect(server.saves).toEqual(["one", "two"]);
  expect(autosave.snapshot()).toMatchObject({ content: { sql: "two" }, state: { kind: "saved" } });
});

it("stops at a conflict and keeps what was written", async () => {
  const { server, autosave } = open();
  server.stored = draft("theirs", 2);
  autosave.edit({ sql: "mine" });
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(autosave.snapshot()).toMatchObject({ content: { sql: "mine" }, state: { kind: "conflict" } });
  autosave.edit({ sql: "mine too" });
  await vi.advanceTimersByTimeAsync(10 * PAUSE_MS);
  expect(server.saves).toEqual([]);
  await expect(autosave.flush()).rejects.toThrow("settle the conflict");
});

it("overwrites only when told to, and only the revision that was shown", async () => {
  const { server, autosave } = open();
  server.stored = draft("theirs", 2);
  autosave.edit({ sql: "mine" });
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  server.stored = draft("theirs, newer", 3);
  await autosave.keepMine().catch(() => {});
  expect(autosave.snapshot().state).toMatchObject({ kind: "conflict", theirs: { revision: 3 } });
  await autosave.keepMine();
  expect(server.stored).toMatchObject({ sql: "mine", revision: 4 });
});

it("takes theirs when told to", async () => {
  const { server, autosave } = open();
  server.stored = draft("theirs", 2);
  autosave.edit({ sql: "mine" });
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  autosave.takeTheirs();
  expect(autosave.snapshot()).toMatchObject({ content: { sql: "theirs" }, state: { kind: "saved" } });
});

it("is no conflict when both wrote the same", async () => {
  const { server, autosave } = open();
  server.stored = draft("same", 2);
  autosave.edit({ sql: "same" });
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(autosave.snapshot().state.kind).toBe("saved");
});

it("tries again when the network comes back", async () => {
  const { server, autosave } = open();
  server.isLost = true;
  autosave.edit({ sql: "b" });
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(autosave.snapshot().state.kind).toBe("failed");
  server.isLost = false;
  await vi.advanceTimersByTimeAsync(RETRY_MS_MIN);
  expect(server.saves).toEqual(["b"]);
});

it("saves what is left when it is closed", async () => {
  const { server, autosave } = open();
  autosave.edit({ sql: "last words" });
  autosave.close();
  await vi.advanceTimersByTimeAsync(0);
  expect(server.saves).toEqual(["last words"]);
});

it("tells saves that somebody asked for from those that it makes by itself", async () => {
  const { server, autosave } = open();
  autosave.edit({ sql: "by itself" });
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  autosave.edit({ sql: "asked for" });
  await autosave.flush();
  expect(server.asked).toEqual([false, true]);
});

it("keeps what cannot be saved when the writer leaves, and saves it when they come back", async () => {
  const { server, autosave } = open();
  server.isLost = true;
  autosave.edit({ sql: "last words" });
  autosave.close();
  await vi.advanceTimersByTimeAsync(10 * RETRY_MS_MIN);
  expect(server.kept).toMatchObject({ content: { sql: "last words" }, revision: 1 });
  server.isLost = false;
  const later = new Autosave(server.stored, server, server.kept);
  expect(later.snapshot().content.sql).toBe("last words");
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(server.saves).toEqual(["last words"]);
});

it("does not save what was kept over what someone else has saved meanwhile", async () => {
  const { server } = open();
  const kept = { content: { name: "job", sql: "mine", settings: {} }, revision: 1 };
  server.stored = draft("theirs", 2);
  const later = new Autosave(server.stored, server, kept);
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(later.snapshot()).toMatchObject({ content: { sql: "mine" }, state: { kind: "conflict" } });
  expect(server.saves).toEqual([]);
});

it("is a conflict when only the settings differ", async () => {
  const { server, autosave } = open();
  server.stored = { ...draft("same", 2), settings: { a: "theirs" } };
  autosave.edit({ sql: "same", settings: { a: "mine" } });
  await vi.advanceTimersByTimeAsync(PAUSE_MS);
  expect(autosave.snapshot().state.kind).toBe("conflict");
});

/**
 * Keeps a draft saved while it is written, without ever overwriting what someone else wrote.
 *
 * Every save names the revision it builds on. When the server has a newer one saving stops, and the writer decides
 * (`keepMine`, `takeTheirs`). One save is under way at a time; what failed to arrive is sent again, ever more slowly.
 * What cannot be saved when the writer leaves is kept in the browser, and taken up again when they come back.
 */

import type { DraftContent } from "../api/drafts";
import type { Draft } from "../api/types";

export const PAUSE_MS = 700;
export const RETRY_MS_MIN = 2_000;
export const RETRY_MS_MAX = 30_000;

export type SaveState =
  | { kind: "saved" }
  | { kind: "unsaved" }
  | { kind: "saving" }
  | { kind: "failed"; error: unknown }
  | { kind: "conflict"; theirs: Draft };

export interface Snapshot {
  content: DraftContent;
  /** The draft as the server last gave or took it. */
  base: Draft;
  state: SaveState;
}

/** What somebody wrote, and the revision that they wrote it over. */
export interface Unsaved {
  content: DraftContent;
  revision: number;
}

export interface Server {
  /** `isAutomatic`: because time has passed, not because somebody said so. */
  save(content: DraftContent, revision: number, isAutomatic: boolean): Promise<Draft>;
  read(): Promise<Draft>;
  isStale(error: unknown): boolean;
  /** Whether the same save may work later. */
  mayPass(error: unknown): boolean;
  /** Keeps in the browser what could not be saved. */
  keep(unsaved: Unsaved): void;
}

export class Autosave {
  #snapshot: Snapshot;
  #server: Server;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #underWay: Promise<void> | null = null;
  #failures = 0;
  #listeners = new Set<() => void>();

  constructor(draft: Draft, server: Server, kept: Unsaved | null = null) {
    this.#server = server;
    this.#snapshot = { content: contentOf(draft), base: draft, state: { kind: "saved" } };
    if (kept) {
      // Saved as written over what the writer saw then: if someone else came in between, they are told.
      this.#snapshot.base = { ...draft, revision: kept.revision };
      this.edit(kept.content);
    }
  }

  // Bound, for `useSyncExternalStore`.
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  snapshot = (): Snapshot => this.#snapshot;

  edit(change: Partial<DraftContent>): void {
    const content = { ...this.#snapshot.content, ...change };
    const { state } = this.#snapshot;
    if (state.kind === "conflict") {
      this.#set({ content });
      return;
    }
    this.#set({ content, state: state.kind === "saving" ? state : { kind: "unsaved" } });
    this.#schedule(PAUSE_MS);
  }

  /** Saves now. Gives the draft that holds everything written, or throws what stands in the way. */
  async flush(): Promise<Draft> {
    while (this.#isDirty()) {
      await (this.#underWay ?? this.#start(false));
      const { state } = this.#snapshot;
      if (state.kind === "failed") throw state.error;
      if (state.kind === "conflict")
        throw new Error("someone else changed this job: settle the conflict first");
    }
    return this.#snapshot.base;
  }

  /** Takes a draft that the server made otherwise, by a roll-back for one. */
  adopt(draft: Draft): void {
    clearTimeout(this.#timer);
    this.#set({ content: contentOf(draft), base: draft, state: { kind: "saved" } });
  }

  keepMine(): Promise<Draft> {
    const { state } = this.#snapshot;
    if (state.kind === "conflict") this.#set({ base: state.theirs, state: { kind: "unsaved" } });
    return this.flush();
  }

  takeTheirs(): void {
    const { state } = this.#snapshot;
    if (state.kind === "conflict") this.adopt(state.theirs);
  }

  /** Stops waiting: what is unsaved is sent at once, or kept in the browser if it does not arrive. */
  close(): void {
    clearTimeout(this.#timer);
    this.#listeners.clear();
    const keep = () => {
      clearTimeout(this.#timer);
      const { content, base } = this.#snapshot;
      this.#server.keep({ content, revision: base.revision });
    };
    if (this.#snapshot.state.kind === "conflict") keep();
    else this.flush().catch(keep);
  }

  #isDirty(): boolean {
    return !saysTheSame(this.#snapshot.content, this.#snapshot.base);
  }

  #schedule(delay: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#underWay) this.#start(true);
    }, delay);
  }

  #start(isAutomatic: boolean): Promise<void> {
    clearTimeout(this.#timer);
    this.#underWay = this.#save(isAutomatic).finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #save(isAutomatic: boolean): Promise<void> {
    if (!this.#isDirty()) {
      this.#set({ state: { kind: "saved" } });
      return;
    }
    const { content, base } = this.#snapshot;
    this.#set({ state: { kind: "saving" } });
    try {
      const saved = await this.#server.save(content, base.revision, isAutomatic);
      this.#failures = 0;
      // Names the server cleaned (spaces at the ends) are taken, unless the writer went on.
      const went = this.#snapshot.content !== content;
      this.#set(went ? { base: saved } : { base: saved, content: contentOf(saved) });
      this.#set({ state: { kind: this.#isDirty() ? "unsaved" : "saved" } });
      if (this.#isDirty()) this.#schedule(PAUSE_MS);
    } catch (error) {
      if (this.#server.isStale(error)) await this.#meetConflict();
      else this.#fail(error);
    }
  }

  async #meetConflict(): Promise<void> {
    try {
      const theirs = await this.#server.read();
      const { content } = this.#snapshot;
      if (saysTheSame(theirs, content)) this.adopt(theirs);
      else this.#set({ state: { kind: "conflict", theirs } });
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#set({ state: { kind: "failed", error } });
    if (!this.#server.mayPass(error)) return;
    this.#schedule(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures));
    this.#failures += 1;
  }

  #set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change };
    for (const listener of this.#listeners) listener();
  }
}

function contentOf({ name, sql, settings }: Draft): DraftContent {
  return { name, sql, settings };
}

function saysTheSame(one: DraftContent, other: DraftContent): boolean {
  return (
    one.name === other.name &&
    one.sql === other.sql &&
    JSON.stringify(one.settings) === JSON.stringify(other.settings)
  );
}

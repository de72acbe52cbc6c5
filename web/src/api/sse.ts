/**
 * Server-sent events over `fetch`, so that a stream can be asked for by POST, carry headers, and be aborted.
 *
 * The parser follows the WHATWG rules: lines end by LF, CR or CRLF, `data` lines are joined by LF, a blank line
 * dispatches, comments are skipped, and an unfinished event at the end of the stream is dropped.
 */

export interface ServerEvent {
  event: string;
  data: string;
  id: string | null;
}

/** A stream whose single event is larger than this is broken: the server sends rows in far smaller batches. */
const EVENT_CHARACTERS_MAX = 16 * 1024 * 1024;

export class SseParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #dataCharacters = 0;
  #id: string | null = null;
  #started = false;

  push(chunk: string): ServerEvent[] {
    const events: ServerEvent[] = [];
    let text = this.#rest + chunk;
    if (!this.#started && text.length > 0) {
      this.#started = true;
      if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    }
    let from = 0;
    for (;;) {
      const end = lineEnd(text, from);
      if (end === -1) break;
      // A CR at the very end may be the first half of CRLF: wait for what follows.
      if (text[end] === "\r" && end + 1 === text.length) break;
      const event = this.#line(text.slice(from, end));
      if (event) events.push(event);
      from = text[end] === "\r" && text[end + 1] === "\n" ? end + 2 : end + 1;
    }
    this.#rest = text.slice(from);
    if (this.#rest.length + this.#dataCharacters > EVENT_CHARACTERS_MAX) {
      throw new Error(`an event of the stream is longer than ${EVENT_CHARACTERS_MAX} characters`);
    }
    return events;
  }

  #line(line: string): ServerEvent | null {
    if (line === "") return this.#dispatch();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    let value = colon === -1 ? "" : line.slice(colon + 1);
    if (value.startsWith(" ")) value = value.slice(1);
    if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "data") {
      this.#data.push(value);
      this.#dataCharacters += value.length;
    }
    return null;
  }

  #dispatch(): ServerEvent | null {
    const event =
      this.#data.length > 0
        ? { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id }
        : null;
    this.#event = "";
    this.#data = [];
    this.#dataCharacters = 0;
    return event;
  }
}

function lineEnd(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  const carriage = text.indexOf("\r", from);
  if (newline === -1) return carriage;
  if (carriage === -1) return newline;
  return Math.min(newline, carriage);
}

export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const parser = new SseParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // The reader of these events left: say so to the server, which then cancels the work behind them.
    reader.cancel().catch(() => {});
  }
}

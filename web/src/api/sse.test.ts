import { describe, expect, it } from "vitest";
import { readEvents, SseParser } from "./sse";

const STREAM =
  ': hello\nevent: schema\ndata: {"a":\ndata: 1}\n\nid: 7\r\ndata:x\r\n\r\ndata\n\nevent: only\n\ndata: unfinished';

const EXPECTED = [
  { event: "schema", data: '{"a":\n1}', id: null },
  { event: "message", data: "x", id: "7" },
  { event: "message", data: "", id: "7" },
];

function check(chunks: string[]) {
  const parser = new SseParser();
  expect(chunks.flatMap((chunk) => parser.push(chunk))).toEqual(EXPECTED);
}

describe("server-sent events", () => {
  it("are read from one piece", () => check([STREAM]));
  it("are read letter by letter", () => check([...STREAM]));
  it("are the same wherever the stream is cut", () => {
    for (let cut = 0; cut <= STREAM.length; cut += 1) check([STREAM.slice(0, cut), STREAM.slice(cut)]);
  });
  it("may end their lines by CR alone", () => {
    expect(new SseParser().push("data: a\rdata: b\r\rdata: c")).toEqual([
      { event: "message", data: "a\nb", id: null },
    ]);
  });
  it("survive letters cut in two by the network", async () => {
    const bytes = new TextEncoder().encode("data: Größe 🌊\n\n");
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    const events = [];
    for await (const event of readEvents(body)) events.push(event.data);
    expect(events).toEqual(["Größe 🌊"]);
  });
  it("cancel the stream when the reader leaves", async () => {
    let cancelled = false;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("data: row\n\n"));
      },
      cancel() {
        cancelled = true;
      },
    });
    for await (const _ of readEvents(body)) break;
    expect(cancelled).toBe(true);
  });
  it("that never end are refused", () => {
    const parser = new SseParser();
    const chunk = `data: ${"x".repeat(1024 * 1024)}\n`;
    expect(() => {
      for (let sent = 0; sent < 20; sent += 1) parser.push(chunk);
    }).toThrow("longer than");
  });
});

// @ts-check
/** A real cluster of Apache Flink for a story, by the script that other tests start it with. It ends with the story. */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../tests/flink/cluster", import.meta.url));

export async function startFlink() {
  const attendant = spawn(SCRIPT, ["attend"], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise((resolve) => attendant.once("exit", resolve));
  const lines = createInterface({ input: attendant.stdout });
  const line = await new Promise((resolve, reject) => {
    lines.once("line", resolve);
    ended.then(() => reject(new Error("a cluster could not be started")));
  });
  const [address, folder] = String(line).split(" ");
  return {
    /** Where its REST interface listens. */
    address: String(address),
    /** Where checkpoints and savepoints may go. */
    storage: `file://${folder}/state`,
    async close() {
      attendant.stdin.end();
      await ended;
    },
  };
}

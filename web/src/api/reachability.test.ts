import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Reachability } from "./reachability";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function watched(...answers: boolean[]) {
  const asked: number[] = [];
  const told: boolean[] = [];
  const reachability = new Reachability(async () => {
    asked.push(Date.now());
    return answers.shift() ?? true;
  });
  reachability.subscribe(() => told.push(reachability.isLost()));
  return { reachability, asked, told };
}

it("takes a lost request for nothing while the server answers", async () => {
  const { reachability, told } = watched(true);
  reachability.suspect();
  await vi.runAllTimersAsync();
  expect(told).toEqual([]);
});

it("is lost until the server answers again, and asks ever more slowly", async () => {
  const { reachability, asked, told } = watched(false, false, false, true);
  reachability.suspect();
  await vi.runAllTimersAsync();
  expect(told).toEqual([true, false]);
  const [first = 0] = asked;
  expect(asked.map((time) => time - first)).toEqual([0, 1000, 3000, 7000]);
});

it("asks once, however many requests get no answer", async () => {
  const { reachability, asked } = watched(false, true);
  for (let lost = 0; lost < 5; lost += 1) reachability.suspect();
  await vi.runAllTimersAsync();
  expect(asked).toHaveLength(2);
});

it("asks at once when it is told to", async () => {
  const { reachability, told } = watched(false, true);
  reachability.suspect();
  await vi.advanceTimersByTimeAsync(0);
  reachability.askNow();
  await vi.advanceTimersByTimeAsync(0);
  expect(told).toEqual([true, false]);
});

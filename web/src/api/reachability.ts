/**
 * Whether the server answers.
 *
 * A request that gets no answer is a suspicion: the server's health is asked for, and only if that gets none either is
 * the server lost. Then it is asked again, ever more slowly, until it answers; who listens is told of both moments.
 */

const CHECK_MS_MIN = 1_000;
const CHECK_MS_MAX = 15_000;

export class Reachability {
  #isLost = false;
  #isChecking = false;
  #wake: (() => void) | null = null;
  #listeners = new Set<() => void>();

  constructor(
    /** Whether the server answers just now, whatever it says. */
    private readonly answers: () => Promise<boolean>,
  ) {}

  // Bound, for `useSyncExternalStore`.
  isLost = (): boolean => this.#isLost;
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A request got no answer. */
  suspect(): void {
    if (!this.#isChecking) this.#check();
  }

  /** Asks now instead of when it would have been asked. */
  askNow(): void {
    this.#wake?.();
  }

  async #check(): Promise<void> {
    this.#isChecking = true;
    for (let wait = CHECK_MS_MIN; !(await this.answers()); wait = Math.min(CHECK_MS_MAX, wait * 2)) {
      this.#set(true);
      await this.#sleep(wait);
    }
    this.#isChecking = false;
    this.#set(false);
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #set(isLost: boolean): void {
    if (this.#isLost === isLost) return;
    this.#isLost = isLost;
    for (const listener of this.#listeners) listener();
  }
}

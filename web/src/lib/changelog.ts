/**
 * A table made from its changelog.
 *
 * A changelog retracts whole rows (-U before +U, -D), so the table is a multiset of rows. A row that is updated keeps its
 * place, so that the eye can follow it. Additions, updates and removals cost the same however many rows there are.
 */

import type { ChangelogRow, Row } from "../api/types";

export class MaterializedTable {
  /** Rows in the order in which they appeared; removed ones leave holes until `rows` is asked for. */
  #slots: (Row | null)[] = [];
  #holes = 0;
  /** The slots that hold a row of this identity, newest last. */
  #slotsOf = new Map<string, number[]>();
  /** The slot that a -U has just left, for the +U that follows. */
  #left: number | null = null;
  #unmatched = 0;

  /** How many retractions named a row that is not there. */
  get unmatched(): number {
    return this.#unmatched;
  }

  get size(): number {
    return this.#slots.length - this.#holes;
  }

  apply({ op, row }: ChangelogRow): void {
    const identity = identityOf(row);
    if (op === "-U" || op === "-D") {
      const slot = this.#take(identity);
      this.#left = op === "-U" ? slot : null;
      return;
    }
    this.#put(identity, row, op === "+U" ? this.#left : null);
    this.#left = null;
  }

  rows(): Row[] {
    if (this.#holes > this.#slots.length / 2) this.#close();
    return this.#slots.filter((row): row is Row => row !== null);
  }

  #put(identity: string, row: Row, place: number | null): void {
    let slot = place;
    if (slot !== null && this.#slots[slot] === null) {
      this.#slots[slot] = row;
      this.#holes -= 1;
    } else {
      slot = this.#slots.push(row) - 1;
    }
    const slots = this.#slotsOf.get(identity);
    if (slots) slots.push(slot);
    else this.#slotsOf.set(identity, [slot]);
  }

  #take(identity: string): number | null {
    const slots = this.#slotsOf.get(identity);
    const slot = slots?.pop();
    if (slots?.length === 0) this.#slotsOf.delete(identity);
    if (slot === undefined) {
      this.#unmatched += 1;
      return null;
    }
    this.#slots[slot] = null;
    this.#holes += 1;
    return slot;
  }

  #close(): void {
    this.#slots = this.#slots.filter((row) => row !== null);
    this.#holes = 0;
    this.#left = null;
    this.#slotsOf.clear();
    this.#slots.forEach((row, slot) => {
      const identity = identityOf(row as Row);
      const slots = this.#slotsOf.get(identity);
      if (slots) slots.push(slot);
      else this.#slotsOf.set(identity, [slot]);
    });
  }
}

function identityOf(row: Row): string {
  return JSON.stringify(Object.values(row));
}

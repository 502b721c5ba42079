/** The position of each item in the current pool: set, merge table and mask look-up in one array, cleared in constant time. */
export class ItemPositions {
  /** [items] #base + position for the items of the current pool; a smaller number for all others. */
  readonly #slots: Int32Array;
  /** Start of the current pool's numbers. Raising it makes all earlier entries stale. */
  #base = 0;
  #size = 0;

  /** @param items number of items in the catalogue */
  constructor(items: number) {
    this.#slots = new Int32Array(items).fill(-1);
  }

  /** The number of items added since the last `clear`. */
  get size(): number {
    return this.#size;
  }

  /** Empties the pool. The array itself is rewritten only when #base nears the end of 32-bit integers. */
  clear(): void {
    this.#base += this.#size;
    this.#size = 0;
    if (this.#base > 2 ** 31 - 1 - this.#slots.length) {
      this.#slots.fill(-1);
      this.#base = 0;
    }
  }

  /** Appends an item that the pool does not hold yet. */
  add(item: number): void {
    this.#slots[item] = this.#base + this.#size++;
  }

  /** The position of an item, or a negative number when the pool does not hold it. */
  of(item: number): number {
    return this.#slots[item]! - this.#base;
  }
}

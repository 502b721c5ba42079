/** Where each item stands in the pool of the moment: a set, a merge table and a mask look-up in one array, emptied in constant time. */
export class ItemPositions {
  /** #base + position for items of this pool; less than #base for all others. */
  readonly #slots: Int32Array;
  #base = 0;
  #size = 0;

  constructor(items: number) {
    this.#slots = new Int32Array(items).fill(-1);
  }

  /** The number of items added since the last `clear`. */
  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#base += this.#size;
    this.#size = 0;
    if (this.#base > 2 ** 31 - 1 - this.#slots.length) {
      this.#slots.fill(-1);
      this.#base = 0;
    }
  }

  /** Appends an item that is not there yet. */
  add(item: number): void {
    this.#slots[item] = this.#base + this.#size++;
  }

  /** The item's position, or negative when it is not there. */
  of(item: number): number {
    return this.#slots[item]! - this.#base;
  }
}

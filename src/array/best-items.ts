/** Keeps the best k of the items offered: higher score first, ties to the lower item index. A binary heap whose root is the worst item kept, so that most offers cost one comparison. */
export class BestItems {
  readonly #items: Int32Array;
  readonly #scores: Float64Array;
  /** The number of items kept, at most k. */
  #size = 0;

  constructor(k: number) {
    this.#items = new Int32Array(k);
    this.#scores = new Float64Array(k);
  }

  /** Keeps the item if it is among the best k so far. */
  offer(item: number, score: number): void {
    if (this.#size < this.#items.length) this.#rise(this.#size++, item, score);
    else if (this.#size > 0 && !this.#worse(item, score, 0)) this.#sink(0, item, score);
  }

  /** Returns the items kept, best first, and empties the heap. */
  take(): { readonly item: number; readonly score: number }[] {
    const best = new Array(this.#size);
    // Heapsort: the root is the worst that is left, so the list fills from its end.
    while (this.#size > 0) {
      const last = --this.#size;
      best[last] = { item: this.#items[0]!, score: this.#scores[0]! };
      this.#sink(0, this.#items[last]!, this.#scores[last]!);
    }
    return best;
  }

  /** True when (item, score) ranks below the entry at position `at`. */
  #worse(item: number, score: number, at: number): boolean {
    return score < this.#scores[at]! || (score === this.#scores[at]! && item > this.#items[at]!);
  }

  #put(at: number, item: number, score: number): void {
    this.#items[at] = item;
    this.#scores[at] = score;
  }

  /** Writes the entry to `from`, then moves it up while its parent is better than it. */
  #rise(from: number, item: number, score: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#worse(item, score, parent)) break;
      this.#put(at, this.#items[parent]!, this.#scores[parent]!);
      at = parent;
    }
    this.#put(at, item, score);
  }

  /** Writes the entry to `from`, then moves it down while a child is worse than it. */
  #sink(from: number, item: number, score: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#size) break;
      if (child + 1 < this.#size && this.#worse(this.#items[child + 1]!, this.#scores[child + 1]!, child)) child++;
      if (this.#worse(item, score, child)) break;
      this.#put(at, this.#items[child]!, this.#scores[child]!);
      at = child;
    }
    this.#put(at, item, score);
  }
}

/** Keeps the best k of the items offered: higher score first, ties to the lower item. A heap whose root is the worst one kept. */
export class BestItems {
  readonly #items: Int32Array;
  readonly #scores: Float64Array;
  #size = 0;

  constructor(k: number) {
    this.#items = new Int32Array(k);
    this.#scores = new Float64Array(k);
  }

  /** Takes the item if it is among the best so far. */
  offer(item: number, score: number): void {
    if (this.#size < this.#items.length) this.#rise(this.#size++, item, score);
    else if (this.#size > 0 && !this.#worse(item, score, 0)) this.#sink(0, item, score);
  }

  /** The items kept, best first. Empties the heap. */
  take(): { readonly item: number; readonly score: number }[] {
    const best = new Array(this.#size);
    while (this.#size > 0) {
      const last = --this.#size;
      best[last] = { item: this.#items[0]!, score: this.#scores[0]! };
      this.#sink(0, this.#items[last]!, this.#scores[last]!);
    }
    return best;
  }

  /** True when (item, score) ranks below the one at `at`. */
  #worse(item: number, score: number, at: number): boolean {
    return score < this.#scores[at]! || (score === this.#scores[at]! && item > this.#items[at]!);
  }

  #put(at: number, item: number, score: number): void {
    this.#items[at] = item;
    this.#scores[at] = score;
  }

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

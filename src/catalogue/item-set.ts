/** A set of a model's items as bits. Made once for a filter, and shared by all lists with it. */
export class ItemSet {
  /** The number of items that the set may hold: those of the model. */
  readonly size: number;
  /** [⌈size / 32⌉] bit i % 32 of word i / 32 is item i; bits beyond `size` are 0. */
  readonly words: Uint32Array;
  #count?: number;
  #indices?: Int32Array;
  /** The last result of `masked`, and what it was made from. */
  #masked?: { readonly base: Float32Array | undefined; readonly bias: Float32Array };

  private constructor(size: number, words: Uint32Array) {
    this.size = size;
    this.words = words;
  }

  /** The items for which `holds` is true. */
  static where(size: number, holds: (item: number) => boolean): ItemSet {
    const words = new Uint32Array(Math.ceil(size / 32));
    for (let item = 0; item < size; item++) if (holds(item)) words[item >>> 5]! |= 1 << (item & 31);
    return new ItemSet(size, words);
  }

  /** The listed items. */
  static of(size: number, items: Iterable<number>): ItemSet {
    const words = new Uint32Array(Math.ceil(size / 32));
    for (const item of items) words[item >>> 5]! |= 1 << (item & 31);
    return new ItemSet(size, words);
  }

  /** The items that are in all of the sets; of no set, all items. */
  static all(size: number, sets: readonly ItemSet[]): ItemSet {
    const full = ItemSet.of(size, []).not();
    return sets.reduce((a, b) => a.#combined((w) => a.words[w]! & b.words[w]!), full);
  }

  /** The items that are in one of the sets at least. */
  static any(size: number, sets: readonly ItemSet[]): ItemSet {
    return sets.reduce((a, b) => a.#combined((w) => a.words[w]! | b.words[w]!), ItemSet.of(size, []));
  }

  /** All other items. */
  not(): ItemSet {
    const set = this.#combined((w) => ~this.words[w]!);
    const rest = this.size & 31;
    if (rest > 0) set.words[set.words.length - 1]! &= (1 << rest) - 1;
    return set;
  }

  has(item: number): boolean {
    return ((this.words[item >>> 5]! >>> (item & 31)) & 1) === 1;
  }

  /** The number of items in the set. */
  get count(): number {
    this.#count ??= this.words.reduce((sum, word) => sum + bitsOf(word), 0);
    return this.#count;
  }

  /** The items in the set, ascending. */
  get indices(): Int32Array {
    if (!this.#indices) {
      this.#indices = new Int32Array(this.count);
      let at = 0;
      for (let item = 0; item < this.size; item++) if (this.has(item)) this.#indices[at++] = item;
    }
    return this.#indices;
  }

  /** [size] a bias that keeps all other items out of a ranking: −Infinity for them, `base` (absent: 0) for the items of the set. */
  masked(base?: Float32Array): Float32Array {
    if (this.#masked && this.#masked.base === base) return this.#masked.bias;
    const bias = new Float32Array(this.size).fill(-Infinity);
    for (let item = 0; item < this.size; item++) if (this.has(item)) bias[item] = base ? base[item]! : 0;
    this.#masked = { base, bias };
    return bias;
  }

  #combined(word: (w: number) => number): ItemSet {
    return new ItemSet(
      this.size,
      this.words.map((_, w) => word(w)),
    );
  }
}

/** The number of ones among 32 bits. */
function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

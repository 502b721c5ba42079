/** A person as 64 bits, an item and a kind as numbers. */
export interface EventKey {
  readonly low: number;
  readonly high: number;
  readonly item: number;
  readonly kind: number;
}

/** The fewest slots, a power of two. */
const FEWEST = 1024;
/** Slots between two steps of a pass. */
const STEP_SLOTS = 65_536;

/**
 * The time of the newest event of each person with each item by kind. A hash table in flat arrays with linear probing, 24 bytes a slot and at most three quarters full: a `Map` of a million keys takes several times as much.
 * What is older than the window goes when the table is full.
 */
export class NewestEvents {
  readonly #window: number;
  readonly #most: number;
  /** [slots · 4] low, high, item, kind. */
  #keys = new Uint32Array(4 * FEWEST);
  /** [slots] NaN: an empty slot. */
  #times = new Float64Array(FEWEST).fill(Number.NaN);
  #used = 0;

  /**
   * @param window seconds for which events are kept
   * @param most the most events; of more the older half goes
   */
  constructor(window: number, most: number) {
    this.#window = window;
    this.#most = most;
  }

  /** Bytes of the table. */
  get bytes(): number {
    return this.#keys.byteLength + this.#times.byteLength;
  }

  /** Takes an event in: the newest time of a key stays. `now` says what is old. */
  put(key: EventKey, time: number, now: number): void {
    if (this.#set(key.low, key.high, key.item, key.kind, time)) this.#used++;
    if (4 * this.#used <= 3 * this.#times.length) return;
    const times = this.#times;
    const old = now - this.#window;
    const kept = times.filter((t) => t > old);
    if (kept.length < this.#most) {
      this.#rebuild((slot) => times[slot]! > old);
      return;
    }
    // The newer half stays; of the events at the time in the middle as many as fit.
    const middle = kept.sort()[kept.length >>> 1]!;
    let room = (kept.length >>> 1) - (kept.length - 1 - kept.lastIndexOf(middle));
    this.#rebuild((slot) => times[slot]! > middle || (times[slot] === middle && room-- > 0));
  }

  /** Removes all events of a person. Their slots stay taken, by nobody, until the table is full. */
  forget(low: number, high: number): void {
    const keys = this.#keys;
    for (let slot = 0; slot < this.#times.length; slot++) {
      const at = 4 * slot;
      if (keys[at] !== low || keys[at + 1] !== high || Number.isNaN(this.#times[slot])) continue;
      keys.fill(0, at, at + 4);
      this.#times[slot] = -Infinity;
    }
  }

  /** Adds Σ weight(kind) · 2^(−age / halfLife) over the events that are younger than `window` to `sums`, by item; yields between steps. Later events count as those of `now`. */
  *addInSteps(
    sums: Float64Array,
    weights: readonly number[],
    { now, window, halfLife }: { readonly now: number; readonly window: number; readonly halfLife: number },
  ): Generator<void, void> {
    // The table may be replaced between two steps.
    const times = this.#times;
    const keys = this.#keys;
    const rate = Math.LN2 / halfLife;
    for (let slot = 0; slot < times.length; slot++) {
      if (slot % STEP_SLOTS === STEP_SLOTS - 1) yield;
      const age = now - times[slot]!;
      if (!(age < window)) continue;
      sums[keys[4 * slot + 2]!]! += weights[keys[4 * slot + 3]!]! * (age > 0 ? Math.exp(-rate * age) : 1);
    }
  }

  /** Puts a time into the slot of its key, unless a newer one is there. True: the key is new. */
  #set(low: number, high: number, item: number, kind: number, time: number): boolean {
    const keys = this.#keys;
    const times = this.#times;
    const mask = times.length - 1;
    for (let slot = hashOf(low, item, kind) & mask; ; slot = (slot + 1) & mask) {
      const at = 4 * slot;
      const known = times[slot]!;
      if (Number.isNaN(known)) {
        keys[at] = low;
        keys[at + 1] = high;
        keys[at + 2] = item;
        keys[at + 3] = kind;
        times[slot] = time;
        return true;
      }
      if (keys[at] !== low || keys[at + 1] !== high || keys[at + 2] !== item || keys[at + 3] !== kind) continue;
      if (time > known) times[slot] = time;
      return false;
    }
  }

  /** Moves the events that stay into a table that is at most half full. */
  #rebuild(stays: (slot: number) => boolean): void {
    const keys = this.#keys;
    const times = this.#times;
    const kept: number[] = [];
    for (let slot = 0; slot < times.length; slot++) if (!Number.isNaN(times[slot]) && stays(slot)) kept.push(slot);
    let slots = FEWEST;
    while (slots < 2 * kept.length) slots *= 2;
    this.#keys = new Uint32Array(4 * slots);
    this.#times = new Float64Array(slots).fill(Number.NaN);
    this.#used = kept.length;
    for (const slot of kept) {
      const at = 4 * slot;
      this.#set(keys[at]!, keys[at + 1]!, keys[at + 2]!, keys[at + 3]!, times[slot]!);
    }
  }
}

/** 32 well mixed bits of a key; `low` is a hash already. */
function hashOf(low: number, item: number, kind: number): number {
  const mixed = Math.imul(low ^ Math.imul(item + 1, 0x9e3779b1) ^ Math.imul(kind + 1, 0x85ebca6b), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

import type { Floats } from './loss.ts';

/**
 * The K-th largest of a stream of weighted numbers: the largest x such that the numbers ≥ x weigh at least K in total, or the smallest number when all together weigh less.
 *
 * A binary min-heap holds the numbers at or above the result, so a number below the current result costs one comparison.
 */
export class KthLargest {
  readonly k: number;
  /** The heap: the children of position p are at 2p + 1 and 2p + 2; the smallest number is at 0. */
  private values = new Float64Array(32);
  /** Weight of each number, at the same position. */
  private weights = new Float64Array(32);
  private size = 0;
  /** Sum of the weights in the heap. */
  private total = 0;

  constructor(k: number) {
    this.k = k;
  }

  /** Empties the heap; its memory is kept for the next row. */
  clear(): void {
    this.size = 0;
    this.total = 0;
  }

  /** Offers numbers, each with its weight times `unit`; those of weight 0 are ignored. Absent weights are all 1. */
  offerAll(x: Floats, weights?: Floats, unit = 1): void {
    // Held in a local: `bar` changes only after a push, and most numbers stay below it.
    let bar = this.bar;
    for (let j = 0; j < x.length; j++) {
      if (x[j]! <= bar) continue;
      const weight = weights ? unit * weights[j]! : unit;
      if (weight === 0) continue;
      this.push(x[j]!, weight);
      bar = this.bar;
    }
  }

  /** The K-th largest so far; −Infinity before any number was offered. */
  get value(): number {
    return this.size === 0 ? -Infinity : this.values[0]!;
  }

  /** The value that a number must exceed to change the result; −Infinity until the heap weighs K. */
  private get bar(): number {
    return this.total >= this.k ? this.values[0]! : -Infinity;
  }

  /** Adds a number: sifts it up, then drops the smallest ones that are no longer needed. */
  private push(value: number, weight: number): void {
    if (this.size === this.values.length) this.grow();
    let at = this.size++;
    for (let parent = (at - 1) >> 1; at > 0 && this.values[parent]! > value; parent = (at - 1) >> 1) {
      this.put(at, this.values[parent]!, this.weights[parent]!);
      at = parent;
    }
    this.put(at, value, weight);
    this.total += weight;
    // Invariant: without its smallest number the heap weighs less than K.
    while (this.size > 1 && this.total - this.weights[0]! >= this.k) this.removeLeast();
  }

  /** Removes the smallest number: the last one sifts down from the root. */
  private removeLeast(): void {
    this.total -= this.weights[0]!;
    const last = --this.size;
    const value = this.values[last]!;
    let at = 0;
    for (let child = 1; child < last; child = 2 * at + 1) {
      if (child + 1 < last && this.values[child + 1]! < this.values[child]!) child++;
      if (this.values[child]! >= value) break;
      this.put(at, this.values[child]!, this.weights[child]!);
      at = child;
    }
    this.put(at, value, this.weights[last]!);
  }

  /** Writes one position of the heap. */
  private put(at: number, value: number, weight: number): void {
    this.values[at] = value;
    this.weights[at] = weight;
  }

  /** Doubles the capacity. */
  private grow(): void {
    const { values, weights } = this;
    this.values = new Float64Array(2 * values.length);
    this.weights = new Float64Array(2 * values.length);
    this.values.set(values);
    this.weights.set(weights);
  }
}

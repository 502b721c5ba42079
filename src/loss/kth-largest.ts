import type { Floats } from './loss.ts';

/**
 * The K-th largest of numbers that come one by one, each with a weight: the largest x such that the numbers ≥ x weigh K or more; the least of all where they
 * weigh less than K together. A heap of the numbers at or above it, least first: a number that does not belong there costs one comparison.
 */
export class KthLargest {
  readonly k: number;
  private values = new Float64Array(32);
  private weights = new Float64Array(32);
  private size = 0;
  private total = 0;

  constructor(k: number) {
    this.k = k;
  }

  clear(): void {
    this.size = 0;
    this.total = 0;
  }

  /** Takes x where the weight is above 0; absent weights are all 1. */
  offerAll(x: Floats, weights?: Floats): void {
    let bar = this.bar;
    for (let j = 0; j < x.length; j++) {
      if (x[j]! <= bar) continue;
      const weight = weights ? weights[j]! : 1;
      if (weight === 0) continue;
      this.push(x[j]!, weight);
      bar = this.bar;
    }
  }

  /** −Infinity when nothing came. */
  get value(): number {
    return this.size === 0 ? -Infinity : this.values[0]!;
  }

  /** What a number must exceed to change the result. */
  private get bar(): number {
    return this.total >= this.k ? this.values[0]! : -Infinity;
  }

  private push(value: number, weight: number): void {
    if (this.size === this.values.length) this.grow();
    let at = this.size++;
    for (let parent = (at - 1) >> 1; at > 0 && this.values[parent]! > value; parent = (at - 1) >> 1) {
      this.put(at, this.values[parent]!, this.weights[parent]!);
      at = parent;
    }
    this.put(at, value, weight);
    this.total += weight;
    while (this.size > 1 && this.total - this.weights[0]! >= this.k) this.removeLeast();
  }

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

  private put(at: number, value: number, weight: number): void {
    this.values[at] = value;
    this.weights[at] = weight;
  }

  private grow(): void {
    const { values, weights } = this;
    this.values = new Float64Array(2 * values.length);
    this.weights = new Float64Array(2 * values.length);
    this.values.set(values);
    this.weights.set(weights);
  }
}

import type { Point, Space } from './space.ts';

/** A configuration that was tried or is being tried, as a search sees it. */
export interface Observation {
  readonly point: Point;
  /** The validation value of its first rung, larger is better; -Infinity for one that failed, undefined while it runs. */
  readonly value?: number;
}

/** Where the next trial should look. The same arguments give the same answer. */
export interface Search {
  readonly name: string;
  /** Points in all, where they can be counted. */
  size?(space: Space): number;
  /**
   * @param number of the trial, from 0
   * @param seen all trials with smaller numbers, in their order
   */
  propose(space: Space, number: number, seen: readonly Observation[], seed: number): Point;
}

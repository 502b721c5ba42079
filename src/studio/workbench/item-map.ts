import { type Matrix, row } from '../../array/matrix.ts';
import { aligned, type Plane, type Points, principalPlane } from './principal-plane.ts';

/** Items of a map at most. */
export const MOST_MAPPED = 2000;
/** Coordinates run from −EDGE to EDGE. */
const EDGE = 1000;
/** Part by which the scale may come nearer in one frame: it grows at once when a point would lie outside. */
const ZOOM = 0.1;

/** A frame of a map, in the order of its items. */
export interface Frame {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

/** Draws the frames of one run's map. Each is turned towards the frame before, and the scale changes slowly, so that only learning moves the points. */
export class ItemMap {
  readonly #items: Int32Array;
  #last: Plane | undefined;
  #extent = 0;

  /** @param items indices of the items, in the order of the frames */
  constructor(items: Int32Array) {
    this.#items = items;
  }

  /** @param directions true for models that score by the cosine: the lengths of embeddings mean nothing */
  frame(embeddings: Matrix, directions: boolean): Frame {
    const plane = principalPlane(pointsOf(embeddings, this.#items, directions));
    const placed = this.#last ? aligned(plane, this.#last) : plane;
    this.#last = placed;
    let extent = 0;
    for (let r = 0; r < placed.x.length; r++) extent = Math.max(extent, Math.abs(placed.x[r]!), Math.abs(placed.y[r]!));
    this.#extent = Math.max(extent, this.#extent + ZOOM * (extent - this.#extent));
    const scale = this.#extent > 0 ? EDGE / this.#extent : 0;
    const rounded = (values: Float64Array) => Array.from(values, (value) => Math.round(value * scale) + 0);
    return { x: rounded(placed.x), y: rounded(placed.y) };
  }
}

function pointsOf(embeddings: Matrix, items: Int32Array, directions: boolean): Points {
  const { columns } = embeddings;
  const data = new Float64Array(items.length * columns);
  items.forEach((item, r) => {
    const values = row(embeddings, item);
    let squares = 0;
    for (const value of values) squares += value * value;
    const scale = directions && squares > 0 ? 1 / Math.sqrt(squares) : 1;
    for (let c = 0; c < columns; c++) data[r * columns + c] = values[c]! * scale;
  });
  return { rows: items.length, columns, data };
}

// The columns that a reader makes of the rows of a file.

import type { EventTable, KindCount } from '../event-kinds.ts';
import type { RawColumns } from '../interactions.ts';

/** The encoded columns of the kept rows, and the rows that were dropped. */
export interface EncodedRows {
  columns: RawColumns;
  /** Rows dropped by `minRating`. */
  belowMinRating: number;
  /** Rows by kind of event, most frequent first; undefined without a column of kinds. */
  kinds?: KindCount[];
  /** Rows of kinds that do not count. */
  otherKinds: number;
}

/** What decides whether a good row counts, and how much. */
export interface RowRules {
  /** Drops rows with a lower rating, and rows without one. */
  minRating?: number;
  /** The kinds of events that count; undefined: all alike. */
  eventTable?: EventTable;
  /** Time of the newest event: kinds expire before it. Absent: nothing expires. */
  newest?: number;
}

/** The roles that are read as numbers. */
export const measures = ['rating', 'time', 'weight', 'event'] as const;
/** Most kinds that a report lists: a column of many is no column of kinds. */
export const mostKinds = 100;

/** Moves the columns of ratings, times and weights into arrays of their final types. Times stay doubles: seconds since 1970 exceed the precision of a float. */
export function takeMeasures(
  columns: readonly { role: (typeof measures)[number]; column: NumberColumn }[],
  count: number,
): Pick<RawColumns, 'ratings' | 'times' | 'weights'> {
  const taken: Pick<RawColumns, 'ratings' | 'times' | 'weights'> = {};
  for (const { role, column } of columns) {
    if (role === 'time') taken.times = column.moveTo(new Float64Array(count));
    else if (role === 'rating') taken.ratings = column.moveTo(new Float32Array(count));
    else if (role === 'weight') taken.weights = column.moveTo(new Float32Array(count));
    else {
      const ofKinds = column.moveTo(new Float32Array(count));
      const ofRows = taken.weights;
      // Kinds that count alike make no weights.
      if (ofRows) taken.weights = ofRows.map((weight, e) => weight * ofKinds[e]!);
      else if (ofKinds.some((weight) => weight !== 1)) taken.weights = ofKinds;
    }
  }
  return taken;
}

/** Values per block: 512 KiB of doubles. */
const blockLength = 1 << 16;

/** A growing column of doubles, stored in blocks, so that growth copies nothing. */
export class NumberColumn {
  private readonly blocks: Float64Array[] = [];
  length = 0;

  push(value: number): void {
    const within = this.length % blockLength;
    if (within === 0) this.blocks.push(new Float64Array(blockLength));
    this.blocks[this.blocks.length - 1]![within] = value;
    this.length++;
  }

  /** Moves the values into `target`, an array of `length` values, and empties the column. Each block is released once it is copied. */
  moveTo<T extends Float64Array | Float32Array | Int32Array>(target: T): T {
    for (let at = 0; this.blocks.length > 0; at += blockLength) {
      const block = this.blocks.shift()!;
      target.set(block.subarray(0, Math.min(blockLength, this.length - at)), at);
    }
    this.length = 0;
    return target;
  }
}

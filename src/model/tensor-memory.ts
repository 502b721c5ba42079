import { sharedBytes } from '../array/shared.ts';
import type { TensorEntry, TensorPlace } from './safetensors-format.ts';

/** Bytes [begin, end) of the data of a file, in a buffer of their own from its beginning on. */
export interface DataPart {
  readonly begin: number;
  readonly end: number;
  readonly buffer: SharedArrayBuffer;
}

/** Shared memory for the data of a file, a buffer for each tensor: a large one can be freed, or taken over by an engine, without the others. */
export class TensorMemory {
  /** In the order of the file, without gaps. */
  readonly parts: readonly DataPart[];
  readonly #byName: ReadonlyMap<string, DataPart>;

  /** @param tensors they cover the data */
  constructor(tensors: readonly TensorEntry[]) {
    const sorted = [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end);
    // Whole words: an engine sees tables as such.
    const wordBytes = ({ begin, end }: TensorEntry) => Math.ceil((end - begin) / 4) * 4;
    const named = sorted.map((entry): [string, DataPart] => [
      entry.name,
      { begin: entry.begin, end: entry.end, buffer: sharedBytes(wordBytes(entry)) as SharedArrayBuffer },
    ]);
    this.parts = named.map(([, part]) => part);
    this.#byName = new Map(named);
  }

  /** Where the bytes of a tensor lie. */
  readonly placeOf = ({ name }: TensorEntry): TensorPlace => ({ buffer: this.#byName.get(name)!.buffer, at: 0 });
}

/** Bytes [from, to) of data that lie in parts, a view of each part. */
export function viewsOf(parts: readonly DataPart[], from: number, to: number): Uint8Array[] {
  // the first part that ends after `from`
  let low = 0;
  for (let high = parts.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if (parts[middle]!.end <= from) low = middle + 1;
    else high = middle;
  }
  const views: Uint8Array[] = [];
  for (; low < parts.length && parts[low]!.begin < to; low++) {
    const { begin, end, buffer } = parts[low]!;
    const first = Math.max(from, begin);
    const last = Math.min(to, end);
    if (last > first) views.push(new Uint8Array(buffer, first - begin, last - first));
  }
  return views;
}

import type { IdMap } from '../data/id-map.ts';

/** Titles of items by index, as flat views: title i is the UTF-8 text `bytes[offsets[i] .. offsets[i + 1])`; an empty one means there is none. */
export class Titles {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;

  /** Takes the views as they are, without a check. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes;
    this.offsets = offsets;
  }

  /** The titles of the items of `ids`; titles of other ids are left out. */
  static from(ids: IdMap, titles: Iterable<readonly [id: string, title: string]>): Titles {
    const texts: (Uint8Array | undefined)[] = new Array(ids.size);
    const encoder = new TextEncoder();
    for (const [id, title] of titles) {
      const index = ids.indexOf(id);
      if (index >= 0) texts[index] = encoder.encode(title);
    }
    const offsets = new Uint32Array(ids.size + 1);
    for (let i = 0; i < ids.size; i++) offsets[i + 1] = offsets[i]! + (texts[i]?.length ?? 0);
    const bytes = new Uint8Array(offsets[ids.size]!);
    texts.forEach((text, i) => {
      if (text) bytes.set(text, offsets[i]!);
    });
    return new Titles(bytes, offsets);
  }

  /** The title of item `index`, if it has one. */
  at(index: number): string | undefined {
    const begin = this.offsets[index]!;
    const end = this.offsets[index + 1]!;
    // TextDecoder refuses views of shared memory in browsers: slice copies.
    return end > begin ? decoder.decode(this.bytes.slice(begin, end)) : undefined;
  }
}

const decoder = new TextDecoder();

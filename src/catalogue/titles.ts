/** Titles of items by index, in two flat arrays: title i is the UTF-8 text `bytes[offsets[i] .. offsets[i + 1])`; an empty text means no title. */
export class Titles {
  /** All titles one after another, in UTF-8. */
  readonly bytes: Uint8Array;
  /** [items + 1] byte offsets; never decreasing, the first is 0. */
  readonly offsets: Uint32Array;

  /** Keeps references to the arrays; checks nothing. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes;
    this.offsets = offsets;
  }

  /** Encodes the titles of the first `items` items; a missing or empty one means no title. */
  static from(titles: readonly string[], items: number): Titles {
    const texts = Array.from({ length: items }, (_, i) => encoder.encode(titles[i] ?? ''));
    const offsets = new Uint32Array(items + 1);
    for (let i = 0; i < items; i++) offsets[i + 1] = offsets[i]! + texts[i]!.length;
    const bytes = new Uint8Array(offsets[items]!);
    texts.forEach((text, i) => {
      bytes.set(text, offsets[i]!);
    });
    return new Titles(bytes, offsets);
  }

  /** The titles followed by items without one, `items` in all. */
  longer(items: number): Titles {
    const offsets = new Uint32Array(items + 1).fill(this.offsets.at(-1)!);
    offsets.set(this.offsets);
    return new Titles(this.bytes, offsets);
  }

  /** The title of item `index`; undefined when it has none. */
  at(index: number): string | undefined {
    const begin = this.offsets[index]!;
    const end = this.offsets[index + 1]!;
    // In browsers TextDecoder refuses views of shared memory, so decode a copy.
    return end > begin ? decoder.decode(this.bytes.slice(begin, end)) : undefined;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Titles of items by index, as flat views: title i is the UTF-8 text `bytes[offsets[i] .. offsets[i + 1])`; an empty one means there is none. */
export class Titles {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;

  /** Takes the views as they are, without a check. */
  constructor(bytes: Uint8Array, offsets: Uint32Array) {
    this.bytes = bytes;
    this.offsets = offsets;
  }

  /** The titles of the first `items` items, by index; '' where there is none. */
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

  /** The title of item `index`, if it has one. */
  at(index: number): string | undefined {
    const begin = this.offsets[index]!;
    const end = this.offsets[index + 1]!;
    // TextDecoder refuses views of shared memory in browsers: slice copies.
    return end > begin ? decoder.decode(this.bytes.slice(begin, end)) : undefined;
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

import { TaurecError } from '../errors.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** Buffers for the bytes of short ids, by their length. */
const SHORT = 64;
const buffers = Array.from({ length: SHORT + 1 }, (_, length) => new Uint8Array(length));

/** The UTF-8 of a text, valid until the next call. Short ASCII texts, as most ids are, need no call of the encoder, which takes longer than the lookup. */
function utf8(text: string): Uint8Array {
  if (text.length > SHORT) return encoder.encode(text);
  const bytes = buffers[text.length]!;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return encoder.encode(text);
    bytes[at] = code;
  }
  return bytes;
}

/** The text of ASCII bytes; undefined for others. */
function asciiText(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = '';
  for (let at = start; at < end; at++) {
    const code = bytes[at]!;
    if (code > 0x7f) return undefined;
    text += String.fromCharCode(code);
  }
  return text;
}

/**
 * Maps ids to the dense indices 0 … size − 1 and back. The map consists of three flat arrays, so that one of any size opens from a file without parsing:
 * `bytes` holds the UTF-8 texts of the ids one after another, `offsets[i] .. offsets[i + 1]` bounds id i (size + 1 offsets),
 * and `order` lists the indices sorted by UTF-8 bytes. A lookup is a binary search over `order`, which avoids the limit of a JavaScript Map at 2^24 keys.
 */
export class IdMap {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly order: Uint32Array;

  /** Wraps the three arrays without a copy and without a check. */
  constructor(bytes: Uint8Array, offsets: Uint32Array, order: Uint32Array) {
    this.bytes = bytes;
    this.offsets = offsets;
    this.order = order;
  }

  /** Builds a map that gives the ids the indices 0, 1, 2 … in the order of `ids`. Throws `duplicate-id` when an id occurs twice. */
  static fromIds(ids: Iterable<string>): IdMap {
    const builder = new IdMapBuilder();
    for (const id of ids) builder.add(id);
    return builder.build();
  }

  /** The number of ids. */
  get size(): number {
    return this.order.length;
  }

  /** The id of index `index`, 0 ≤ index < size. */
  idOf(index: number): string {
    const [start, end] = [this.offsets[index]!, this.offsets[index + 1]!];
    const short = end - start <= SHORT ? asciiText(this.bytes, start, end) : undefined;
    if (short !== undefined) return short;
    const piece = this.bytes.subarray(start, end);
    // In browsers TextDecoder rejects views of shared memory, so such a view is copied first.
    return decoder.decode(piece.buffer instanceof ArrayBuffer ? piece : piece.slice());
  }

  /** The index of an id, or −1 when the map does not contain it. A number stands for its decimal text. O(log size). */
  indexOf(id: string | number): number {
    const wanted = utf8(String(id));
    let low = 0;
    let high = this.size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const sign = this.compareTo(this.order[middle]!, wanted);
      if (sign === 0) return this.order[middle]!;
      if (sign < 0) low = middle + 1;
      else high = middle;
    }
    return -1;
  }

  /** A map of the first `n` ids. It shares bytes and offsets with this map; only `order` is new. */
  slice(n: number): IdMap {
    if (n >= this.size) return this;
    const order = new Uint32Array(n);
    let at = 0;
    for (const index of this.order) if (index < n) order[at++] = index;
    return new IdMap(this.bytes.subarray(0, this.offsets[n]!), this.offsets.subarray(0, n + 1), order);
  }

  /** A new map of the ids at `indices`, in that order: the id at `indices[i]` gets the index i. `indices` must be distinct. */
  pick(indices: ArrayLike<number>): IdMap {
    const offsets = new Uint32Array(indices.length + 1);
    for (let i = 0; i < indices.length; i++) {
      offsets[i + 1] = offsets[i]! + this.offsets[indices[i]! + 1]! - this.offsets[indices[i]!]!;
    }
    const bytes = new Uint8Array(offsets[indices.length]!);
    // placed[old index] = new index, −1 for ids that were not picked.
    const placed = new Int32Array(this.size).fill(-1);
    for (let i = 0; i < indices.length; i++) {
      bytes.set(this.bytes.subarray(this.offsets[indices[i]!]!, this.offsets[indices[i]! + 1]!), offsets[i]!);
      placed[indices[i]!] = i;
    }
    // Filtering the old byte order keeps it sorted, so nothing is compared again.
    const order = new Uint32Array(indices.length);
    let at = 0;
    for (const index of this.order) if (placed[index]! >= 0) order[at++] = placed[index]!;
    return new IdMap(bytes, offsets, order);
  }

  /** A map of these ids, then those of another map; no id is in both. The two byte orders are merged, so nothing is sorted again. */
  followedBy(other: IdMap): IdMap {
    const first = this.size;
    const bytes = new Uint8Array(this.offsets[first]! + other.offsets[other.size]!);
    bytes.set(this.bytes.subarray(0, this.offsets[first]!));
    bytes.set(other.bytes.subarray(0, other.offsets[other.size]!), this.offsets[first]!);
    const offsets = new Uint32Array(first + other.size + 1);
    offsets.set(this.offsets.subarray(0, first + 1));
    for (let i = 1; i <= other.size; i++) offsets[first + i] = offsets[first]! + other.offsets[i]!;
    const order = new Uint32Array(first + other.size);
    let a = 0;
    let b = 0;
    const isOwnNext = () => {
      if (a === first || b === other.size) return b === other.size;
      const [own, its] = [this.order[a]!, other.order[b]!];
      const [from, to] = [other.offsets[its]!, other.offsets[its + 1]!];
      return compareBytes(this.bytes, this.offsets[own]!, this.offsets[own + 1]!, other.bytes, from, to) < 0;
    };
    for (let at = 0; at < order.length; at++) order[at] = isOwnNext() ? this.order[a++]! : first + other.order[b++]!;
    return new IdMap(bytes, offsets, order);
  }

  /** All ids, in index order. */
  *[Symbol.iterator](): IterableIterator<string> {
    for (let i = 0; i < this.size; i++) yield this.idOf(i);
  }

  /** Compares id `index` with `wanted` by UTF-8 bytes: negative, 0 or positive. */
  private compareTo(index: number, wanted: Uint8Array): number {
    return compareBytes(this.bytes, this.offsets[index]!, this.offsets[index + 1]!, wanted, 0, wanted.length);
  }
}

/** Collects ids one by one into the flat form of an `IdMap`. */
export class IdMapBuilder {
  private bytes = new Uint8Array(1024);
  private offsets = new Uint32Array(64);
  private count = 0;

  /** Appends an id; its index is the number of ids before it. */
  add(id: string): void {
    const start = this.offsets[this.count]!;
    // One UTF-16 unit takes at most three bytes in UTF-8.
    if (start + id.length * 3 > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.bytes.length * 2, start + id.length * 3));
      grown.set(this.bytes);
      this.bytes = grown;
    }
    if (this.count + 2 > this.offsets.length) {
      const grown = new Uint32Array(this.offsets.length * 2);
      grown.set(this.offsets);
      this.offsets = grown;
    }
    this.offsets[++this.count] = start + encoder.encodeInto(id, this.bytes.subarray(start)).written;
  }

  /**
   * The map of the added ids. A caller that knows their byte order passes it as `order`, which saves the sort and the check for duplicates.
   * Throws `duplicate-id`, only without `order`.
   */
  build(order?: Uint32Array): IdMap {
    const bytes = this.bytes.slice(0, this.offsets[this.count]!);
    const offsets = this.offsets.slice(0, this.count + 1);
    if (order) return new IdMap(bytes, offsets, order);
    const sorted = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) sorted[i] = i;
    const compare = (a: number, b: number) =>
      compareBytes(bytes, offsets[a]!, offsets[a + 1]!, bytes, offsets[b]!, offsets[b + 1]!);
    sorted.sort(compare);
    const map = new IdMap(bytes, offsets, sorted);
    for (let i = 1; i < sorted.length; i++) {
      if (compare(sorted[i - 1]!, sorted[i]!) === 0)
        throw new TaurecError('duplicate-id', { id: map.idOf(sorted[i]!) });
    }
    return map;
  }
}

/** Compares a[aStart .. aEnd) with b[bStart .. bEnd) byte by byte: negative, 0 or positive. A prefix sorts before its extensions. */
export function compareBytes(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const common = Math.min(aEnd - aStart, bEnd - bStart);
  for (let i = 0; i < common; i++) {
    const difference = a[aStart + i]! - b[bStart + i]!;
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}

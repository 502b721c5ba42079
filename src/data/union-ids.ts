import { compareBytes, IdMap } from './id-map.ts';
import { canonicalInteger, rank } from './integer-ids.ts';

/** The union of two id maps: `ids` sorted by UTF-8 bytes, and for each id of the two maps its index in the union. */
interface IdUnion {
  ids: IdMap;
  fromFirst: Int32Array;
  fromSecond: Int32Array;
}

/** Merges two id maps like the merge step of merge sort, along their byte orders, in linear time. */
export function unionIds(first: IdMap, second: IdMap): IdUnion {
  const fromFirst = new Int32Array(first.size);
  const fromSecond = new Int32Array(second.size);
  const bytes = new Uint8Array(first.bytes.length + second.bytes.length);
  const offsets = new Uint32Array(first.size + second.size + 1);
  let count = 0;
  let f = 0;
  let s = 0;
  while (f < first.size || s < second.size) {
    const a = first.order[f]!;
    const b = second.order[s]!;
    // sign < 0: the next id comes from `first` alone, > 0: from `second` alone, 0: both have it and it is written once.
    const sign = f === first.size ? 1 : s === second.size ? -1 : compareIds(first, a, second, b);
    const [map, index] = sign <= 0 ? [first, a] : [second, b];
    const piece = map.bytes.subarray(map.offsets[index]!, map.offsets[index + 1]!);
    bytes.set(piece, offsets[count]!);
    if (sign <= 0) fromFirst[first.order[f++]!] = count;
    if (sign >= 0) fromSecond[second.order[s++]!] = count;
    offsets[count + 1] = offsets[count]! + piece.length;
    count++;
  }
  const ids = new IdMap(
    bytes.slice(0, offsets[count]!),
    offsets.slice(0, count + 1),
    Uint32Array.from({ length: count }, (_, i) => i),
  );
  return { ids, fromFirst, fromSecond };
}

/** The indices of `ids` in the order that taurec gives ids: by number when every id is a whole number in plain decimal form (|value| ≤ 2^53 − 1), else by UTF-8 bytes. */
export function houseOrder(ids: IdMap): Uint32Array {
  const values = new Float64Array(ids.size);
  for (let i = 0; i < ids.size; i++) {
    values[i] = canonicalInteger(ids.idOf(i));
    if (Number.isNaN(values[i])) return ids.order;
  }
  const ascending = values.slice().sort();
  const order = new Uint32Array(ids.size);
  for (let i = 0; i < ids.size; i++) order[rank(ascending, values[i]!)] = i;
  return order;
}

function compareIds(first: IdMap, a: number, second: IdMap, b: number): number {
  return compareBytes(
    first.bytes,
    first.offsets[a]!,
    first.offsets[a + 1]!,
    second.bytes,
    second.offsets[b]!,
    second.offsets[b + 1]!,
  );
}

/** An id map extended by new ids. */
export interface ExtendedIds {
  /** The old ids at their old indices, then the new ones in `houseOrder`: by number when all new ids are whole numbers, else by UTF-8 bytes. */
  readonly ids: IdMap;
  /** Number of new ids. */
  readonly added: number;
  /** For each id of the added map its index in `ids`. */
  readonly codes: Int32Array;
}

/** Adds the ids of `more` that `old` does not contain. Old ids keep their indices, so tables with one row per id only grow at their end. Linear time. */
export function extendIds(old: IdMap, more: IdMap): ExtendedIds {
  const union = unionIds(old, more);
  // place[index in the union] = index in the extended map, −1 until a new id gets one.
  const place = new Int32Array(union.ids.size).fill(-1);
  for (let i = 0; i < old.size; i++) place[union.fromFirst[i]!] = i;
  const fresh = union.fromSecond.filter((code) => place[code]! < 0);
  const order = houseOrder(union.ids.pick(fresh));
  const indices = new Uint32Array(old.size + fresh.length);
  indices.set(union.fromFirst);
  order.forEach((at, i) => {
    const code = fresh[at]!;
    indices[old.size + i] = code;
    place[code] = old.size + i;
  });
  return {
    ids: fresh.length === 0 ? old : union.ids.pick(indices),
    added: fresh.length,
    codes: union.fromSecond.map((code) => place[code]!),
  };
}

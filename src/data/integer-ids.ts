import { sharedInt32 } from '../array/shared.ts';
import { type IdMap, IdMapBuilder } from './id-map.ts';

/** A column of integer ids in encoded form: the distinct ids in numeric order, and for each entry the index of its id. */
export interface EncodedIds {
  ids: IdMap;
  codes: Int32Array;
}

/**
 * Encodes a column of whole numbers, |value| ≤ 2^53 − 1, without a JavaScript Map. When the range of the values is small (dense ids), a lookup table over the
 * range gives the ranks in linear time; otherwise the values are sorted and each entry is found by binary search.
 */
export function encodeIntegers(values: Float64Array): EncodedIds {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  for (let e = 0; e < values.length; e++) {
    lowest = Math.min(lowest, values[e]!);
    highest = Math.max(highest, values[e]!);
  }
  // Up to four table cells per entry: the table then takes at most twice the memory of `values`.
  return highest - lowest < 4 * values.length + 1024 ? encodeClose(values, lowest, highest) : encodeSorted(values);
}

/** Ranks by a table over lowest … highest: first a mark for each value that occurs, then its rank in place of the mark. */
function encodeClose(values: Float64Array, lowest: number, highest: number): EncodedIds {
  const rankOf = new Int32Array(Math.max(0, highest - lowest + 1));
  for (let e = 0; e < values.length; e++) rankOf[values[e]! - lowest] = 1;
  let count = 0;
  for (const present of rankOf) count += present;
  const distinct = new Float64Array(count);
  let at = 0;
  for (let k = 0; k < rankOf.length; k++) {
    if (!rankOf[k]) continue;
    distinct[at] = lowest + k;
    rankOf[k] = at++;
  }
  const codes = sharedInt32(values.length);
  for (let e = 0; e < values.length; e++) codes[e] = rankOf[values[e]! - lowest]!;
  return { ids: integerIdMap(distinct), codes };
}

/** Ranks by sorting, for values spread over a wide range. */
function encodeSorted(values: Float64Array): EncodedIds {
  const distinct = distinctSorted(values);
  const codes = sharedInt32(values.length);
  for (let e = 0; e < values.length; e++) codes[e] = rank(distinct, values[e]!);
  return { ids: integerIdMap(distinct), codes };
}

/** An id map of whole numbers, given in ascending order without duplicates; the ids are their decimal texts. */
export function integerIdMap(ascending: Float64Array): IdMap {
  const builder = new IdMapBuilder();
  for (const value of ascending) builder.add(String(value));
  return builder.build(textOrder(ascending));
}

/** The value of an id that is a whole number in plain decimal form, |value| ≤ 2^53 − 1; NaN for any other text, including "007", "+7" and "-0". */
export function canonicalInteger(id: string): number {
  return /^(0|-?[1-9]\d{0,15})$/.test(id) && Number.isSafeInteger(Number(id)) ? Number(id) : Number.NaN;
}

/** The position of `value` in `ascending`, by binary search. `ascending` must contain it. */
export function rank(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function distinctSorted(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  let kept = 0;
  for (let e = 0; e < sorted.length; e++) {
    if (e === 0 || sorted[e] !== sorted[e - 1]) sorted[kept++] = sorted[e]! + 0; // −0 becomes 0
  }
  return sorted.slice(0, kept);
}

/** The indices of ascending whole numbers, sorted by their decimal texts (the `order` of an `IdMap`), without making the texts. */
function textOrder(ascending: Float64Array): Uint32Array {
  // Padding with zeros on the right to 16 digits (2^53 has 16) turns text order into numeric order. Ties are a text and its extensions by zeros: the shorter first.
  const digits = new Float64Array(ascending.length);
  const lengths = new Uint8Array(ascending.length);
  const order = new Uint32Array(ascending.length);
  for (let k = 0; k < ascending.length; k++) {
    const magnitude = Math.abs(ascending[k]!);
    lengths[k] = String(magnitude).length;
    digits[k] = magnitude * 10 ** (16 - lengths[k]!);
    order[k] = k;
  }
  return order.sort((a, b) => {
    const signs = Number(ascending[a]! >= 0) - Number(ascending[b]! >= 0); // "-" sorts before digits
    return signs || digits[a]! - digits[b]! || lengths[a]! - lengths[b]!;
  });
}

import { type Csr, csrFromEntries } from '../array/csr.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { AttributeColumn } from '../data/attribute-columns.ts';

/** Number of features: texts of all attributes are hashed into so many. */
export const FEATURES = 2048;
/** Intervals of a number, between its quantiles. */
export const INTERVALS = 8;
/** The most words of a text that count, from its beginning. */
const MOST_WORDS = 64;

/** Quantiles of the numbers and times of a catalogue, by attribute: [9] from the least value to the largest. */
export type Quantiles = ReadonlyMap<string, Float64Array>;

/** The quantiles of every attribute that is a number or a time and has a value in the first rows, those of the model's items. */
export function quantilesOf({ attributes, items }: Catalogue): Quantiles {
  const found = new Map<string, Float64Array>();
  for (const [name, column] of attributes) {
    if (column.type !== 'number' && column.type !== 'time') continue;
    const values = column.values.subarray(0, items).filter(Number.isFinite).sort();
    if (values.length === 0) continue;
    const at = (q: number) => values[Math.round((q * (values.length - 1)) / INTERVALS)]!;
    found.set(
      name,
      Float64Array.from({ length: INTERVALS + 1 }, (_, q) => at(q)),
    );
  }
  return found;
}

/**
 * Features of items from their titles and attributes, [to − from × `FEATURES`]. Each attribute, and the title, has a block of features with squares that add up to 1:
 *
 * - text: the text, and its words where it has several; list: its texts, and words likewise; title: its words
 * - boolean: true or false
 * - number, time: 1 for the interval between two quantiles, and the place among all quantiles, from −1 to 1
 *
 * A feature's name, such as `brand=Kestrow`, is hashed to a column and a sign, so that a text that no item had before needs no room. An item without a value has no features of that attribute.
 * Source of hashing: Weinberger et al., ICML 2009.
 */
export function itemFeatures(catalogue: Catalogue, quantiles: Quantiles, from = 0, to = catalogue.rows): Csr {
  const blocks = [...catalogue.attributes].map(([name, column]) => blockOf(name, column, quantiles.get(name)));
  const { titles } = catalogue;
  if (titles) blocks.push((row, put) => putAll(wordsOf(titles.at(row) ?? '').map(featureOf), put));
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  const values: number[] = [];
  for (let row = from; row < to; row++) {
    const put: Put = (feature, value) => {
      rowOf.push(row - from);
      columnOf.push(feature >>> 1);
      values.push(feature & 1 ? -value : value);
    };
    for (const block of blocks) block(row, put);
  }
  return csrFromEntries(to - from, FEATURES, rowOf, columnOf, values, (a, b) => a + b);
}

/** Takes a hashed feature (column · 2 + sign) with its value. */
type Put = (feature: number, value: number) => void;

/** Puts the features of one attribute of a row. */
function blockOf(
  name: string,
  column: AttributeColumn,
  quantiles: Float64Array | undefined,
): (row: number, put: Put) => void {
  switch (column.type) {
    case 'text': {
      const features = termFeatures(name, column.terms);
      return (row, put) => column.values[row]! >= 0 && putAll(features(column.values[row]!), put);
    }
    case 'list': {
      const features = termFeatures(name, column.terms);
      const { offsets } = column;
      return (row, put) =>
        putAll(Array.from(column.values.subarray(offsets[row], offsets[row + 1]), features).flat(), put);
    }
    case 'boolean': {
      const features = ['false', 'true'].map((value) => featureOf(`${name}=${value}`));
      return (row, put) => column.values[row]! < 2 && put(features[column.values[row]!]!, 1);
    }
    default: {
      if (!quantiles) return () => {};
      const place = featureOf(`${name}#`);
      const intervals = Array.from({ length: INTERVALS }, (_, n) => featureOf(`${name}#${n}`));
      return (row, put) => {
        const value = column.values[row]!;
        if (Number.isNaN(value)) return;
        const at = placeAmong(quantiles, value);
        put(intervals[Math.min(INTERVALS - 1, Math.floor(at))]!, Math.SQRT1_2);
        put(place, Math.SQRT1_2 * ((2 * at) / INTERVALS - 1));
      };
    }
  }
}

/** The features of the terms of an attribute, each made on first use. */
function termFeatures(name: string, terms: { readonly size: number; idOf(term: number): string }) {
  const made = new Array<readonly number[]>(terms.size);
  return (term: number): readonly number[] => {
    made[term] ??= textFeatures(name, terms.idOf(term));
    return made[term];
  };
}

/** The text itself, and its words if there are several. */
function textFeatures(name: string, text: string): number[] {
  const words = wordsOf(text);
  const whole = featureOf(`${name}=${text}`);
  return words.length > 1 ? [whole, ...words.map((word) => featureOf(`${name}~${word}`))] : [whole];
}

/** Puts features of equal size whose squares add up to 1. */
function putAll(features: readonly number[], put: Put): void {
  const value = 1 / Math.sqrt(features.length);
  for (const feature of features) put(feature, value);
}

/** The distinct words of a text in lower case, letters and digits of any script. */
function wordsOf(text: string): string[] {
  return [...new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu))].slice(0, MOST_WORDS);
}

/** The place of a value among quantiles, from 0 to their number − 1, linear between two. */
function placeAmong(quantiles: Float64Array, value: number): number {
  const last = quantiles.length - 1;
  if (value <= quantiles[0]!) return 0;
  if (value >= quantiles[last]!) return last;
  let n = 0;
  while (quantiles[n + 1]! <= value) n++;
  return n + (value - quantiles[n]!) / (quantiles[n + 1]! - quantiles[n]!);
}

/** Column · 2 + sign of a feature's name: a hash (FNV-1a over UTF-16 units, then mixed), so that it is the same everywhere. */
function featureOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let c = 0; c < name.length; c++) hash = Math.imul(hash ^ name.charCodeAt(c), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) & (2 * FEATURES - 1);
}

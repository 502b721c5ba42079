// Columns of attributes of items: typed arrays, with the texts of a column in a dictionary.

import { type IdMap, IdMapBuilder } from './id-map.ts';

/** The types of attributes: `time` is seconds since 1970-01-01 UTC, `list` a list of texts. */
export const attributeTypes = ['text', 'number', 'boolean', 'time', 'list'] as const;
/** A type of an attribute. */
export type AttributeType = (typeof attributeTypes)[number];

/** A value of an attribute as JSON holds it: a time is a number, and a list has at least one text. Undefined: the item has none. */
export type AttributeValue = string | number | boolean | readonly string[] | undefined;

/** The values of one attribute, row by row. */
export type AttributeColumn =
  /** [rows] NaN: no value. */
  | { readonly type: 'number' | 'time'; readonly values: Float64Array }
  /** [rows] 0: false, 1: true, 2: no value. */
  | { readonly type: 'boolean'; readonly values: Uint8Array }
  /** [rows] indices of `terms`, −1: no value. */
  | { readonly type: 'text'; readonly terms: IdMap; readonly values: Int32Array }
  /** Row r has the texts `values[offsets[r] .. offsets[r + 1])`, indices of `terms`; none: no value. [rows + 1] offsets. */
  | { readonly type: 'list'; readonly terms: IdMap; readonly values: Int32Array; readonly offsets: Uint32Array };

/** Whether row `row` has a value. */
export function hasValue(column: AttributeColumn, row: number): boolean {
  if (column.type === 'list') return column.offsets[row + 1]! > column.offsets[row]!;
  const value = column.values[row]!;
  if (column.type === 'text') return value >= 0;
  return column.type === 'boolean' ? value < 2 : !Number.isNaN(value);
}

/** The value in row `row`. */
export function valueAt(column: AttributeColumn, row: number): AttributeValue {
  if (!hasValue(column, row)) return undefined;
  if (column.type === 'list') {
    const texts = column.values.subarray(column.offsets[row], column.offsets[row + 1]);
    return Array.from(texts, (term) => column.terms.idOf(term));
  }
  const value = column.values[row]!;
  if (column.type === 'text') return column.terms.idOf(value);
  return column.type === 'boolean' ? value === 1 : value;
}

/** Makes a column of values of its type, row by row; blank texts, NaN and empty lists are no values. */
export function columnOf(type: AttributeType, values: readonly AttributeValue[]): AttributeColumn {
  switch (type) {
    case 'number':
    case 'time':
      return { type, values: Float64Array.from(values, (value) => (value === undefined ? Number.NaN : Number(value))) };
    case 'boolean':
      return { type, values: Uint8Array.from(values, (value) => (value === undefined ? 2 : Number(value))) };
    case 'text': {
      const dictionary = new Dictionary();
      const codes = Int32Array.from(values, (value) => dictionary.codeOf(value as string | undefined));
      return { type, terms: dictionary.build(), values: codes };
    }
    case 'list': {
      const dictionary = new Dictionary();
      const offsets = new Uint32Array(values.length + 1);
      const codes: number[] = [];
      for (const [row, value] of values.entries()) {
        const own = new Set((value as readonly string[] | undefined)?.map((text) => dictionary.codeOf(text)));
        own.delete(-1);
        codes.push(...own);
        offsets[row + 1] = codes.length;
      }
      return { type, terms: dictionary.build(), values: Int32Array.from(codes), offsets };
    }
  }
}

/** The column with the rows `from`, in that order; −1 is a row without a value. It shares the dictionary. */
export function pickRows(column: AttributeColumn, from: Int32Array): AttributeColumn {
  if (column.type === 'list') {
    const offsets = new Uint32Array(from.length + 1);
    const length = (row: number) => (row < 0 ? 0 : column.offsets[row + 1]! - column.offsets[row]!);
    from.forEach((row, at) => {
      offsets[at + 1] = offsets[at]! + length(row);
    });
    const values = new Int32Array(offsets[from.length]!);
    from.forEach((row, at) => {
      if (row >= 0) values.set(column.values.subarray(column.offsets[row], column.offsets[row + 1]), offsets[at]!);
    });
    return { ...column, offsets, values };
  }
  const { values, type } = column;
  const pick = (row: number, none: number) => (row < 0 ? none : values[row]!);
  switch (type) {
    case 'text':
      return { type, terms: column.terms, values: Int32Array.from(from, (row) => pick(row, -1)) };
    case 'boolean':
      return { type, values: Uint8Array.from(from, (row) => pick(row, 2)) };
    default:
      return { type, values: Float64Array.from(from, (row) => pick(row, Number.NaN)) };
  }
}

/** Numbers texts in the order in which they come. */
class Dictionary {
  readonly #codes = new Map<string, number>();
  readonly #builder = new IdMapBuilder();

  /** The number of a text; −1 for none. */
  codeOf(text: string | undefined): number {
    if (text === undefined || text === '') return -1;
    let code = this.#codes.get(text);
    if (code === undefined) {
      code = this.#codes.size;
      this.#codes.set(text, code);
      this.#builder.add(text);
    }
    return code;
  }

  build(): IdMap {
    return this.#builder.build();
  }
}

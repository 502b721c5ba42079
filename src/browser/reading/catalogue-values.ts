// The type of a column of a catalogue, by all its values, and the values as that type.

import type { AttributeType, AttributeValue } from '../../data/attribute-columns.ts';
import { typeOf } from '../../data/catalogue-columns.ts';
import { isNumber, measureOf, trimmed } from '../../data/formats/cells.ts';
import type { Instant, ParquetColumn } from './parquet-file.ts';

/** A column with the type of an attribute. */
export interface CatalogueValues {
  /** Undefined for nested values. */
  readonly type: AttributeType | undefined;
  /** The type by the format, for the reason to leave a column out. */
  readonly given?: string;
  readonly values: readonly AttributeValue[];
}

/** A column of texts; '' is no value. */
export function valuesOfTexts(texts: readonly string[]): CatalogueValues {
  const filled = texts.filter((text) => text !== '');
  const every = (test: (text: string) => boolean) => filled.length > 0 && filled.every(test);
  const valuesBy = (type: AttributeType, taken: (text: string) => AttributeValue): CatalogueValues => ({
    type,
    values: texts.map((text) => (text === '' ? undefined : taken(text))),
  });
  if (every((text) => /^(true|false|t|f)$/i.test(text))) return valuesBy('boolean', (text) => /^t/i.test(text));
  if (every((text) => isNumber(text) && Number.isFinite(Number(text)))) return valuesBy('number', Number);
  if (every(isTime)) return valuesBy('time', (text) => measureOf('time', text));
  if (every((text) => listIn(text) !== undefined) || filled.some((text) => text.includes('|')))
    return valuesBy('list', (text) => cleaned(listIn(text) ?? text.split('|')));
  return valuesBy('text', (text) => text);
}

const isTime = (text: string) => !isNumber(text) && measureOf('time', text) !== undefined;

/** The list that a text writes as `["a","b"]`, `[a, b]` or `{a,b}`; undefined for another text. */
function listIn(text: string): string[] | undefined {
  const [, inside] = /^\[(.*)\]$/s.exec(text) ?? /^\{(.*)\}$/s.exec(text) ?? [];
  if (inside === undefined) return undefined;
  if (inside.trim() === '') return [];
  // Elements are quoted texts, or texts without commas and quotes.
  const element = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^,"']*))\s*(,|$)/gy;
  const found: string[] = [];
  for (;;) {
    const at = element.lastIndex;
    const match = element.exec(inside);
    if (!match) return undefined;
    const quoted = match[1] ?? match[2];
    found.push(quoted === undefined ? match[3]!.trim() : quoted.replace(/\\(.)/g, '$1'));
    if (match[4] === '') return found;
    if (element.lastIndex === at) return undefined;
  }
}

/** The texts of a list without the blank ones. */
const cleaned = (texts: readonly string[]): string[] => texts.map(trimmed).filter((text) => text !== '');

/** A column of JSON. @param exact the same values with long numbers as texts */
export function valuesOfJson(plain: readonly unknown[], exact: readonly unknown[]): CatalogueValues {
  const filled = plain.filter((value) => value !== null && value !== undefined);
  const every = (test: (value: unknown) => boolean) => filled.length > 0 && filled.every(test);
  const valuesBy = (type: AttributeType, taken: (value: unknown, row: number) => AttributeValue): CatalogueValues => ({
    type,
    values: plain.map((value, row) => (value === null || value === undefined ? undefined : taken(value, row))),
  });
  if (every((value) => typeof value === 'boolean')) return valuesBy('boolean', (value) => value as boolean);
  if (every((value) => typeof value === 'number')) return valuesBy('number', (value) => value as number);
  if (every((value) => typeof value === 'string' && isTime(value)))
    return valuesBy('time', (value) => measureOf('time', value as string));
  if (every(Array.isArray)) {
    const isNested = filled.some((value) =>
      (value as unknown[]).some((one) => typeof one === 'object' && one !== null),
    );
    if (isNested) return { type: undefined, given: 'lists of lists or objects', values: [] };
    return valuesBy('list', (_, row) => cleaned((exact[row] as unknown[]).map((one) => String(one ?? ''))));
  }
  if (every((value) => typeof value === 'object' && !Array.isArray(value)))
    return { type: undefined, given: 'objects', values: [] };
  return valuesBy('text', (value, row) =>
    typeof value === 'object' ? JSON.stringify(value) : trimmed(String(exact[row])) || undefined,
  );
}

/** A column of Parquet. */
export function valuesOfParquet({ type: given, textOf }: ParquetColumn, column: readonly unknown[]): CatalogueValues {
  const type = typeOf(given);
  const values = column.map((value): AttributeValue => {
    if (value === null || value === undefined) return undefined;
    if (type === 'boolean') return value as boolean;
    if (type === 'list') return cleaned((value as unknown[]).map((one) => textOf(one) ?? ''));
    if (type === 'time') return (value as Instant).micros / 1e6;
    if (type === 'number') return Number.isFinite(Number(value)) ? Number(value) : undefined;
    return trimmed(textOf(value) ?? '') || undefined;
  });
  return { type, given, values: type === undefined ? [] : values };
}

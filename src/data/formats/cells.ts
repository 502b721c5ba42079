// What a cell may contain, by role. `cell-sql.ts` says the same in SQL, with the same patterns.

import type { Role } from '../columns.ts';
import { isClock, timeFormat } from './time-format.ts';

/** How the texts of cells are read. `ReadOptions` has these options. */
export interface CellRules {
  /** The decimal separator of ratings, times and weights. Default '.'. */
  decimal?: '.' | ',';
  /** The format of times, as strptime codes. Default: numbers and the dates of `datePattern`. */
  timeFormat?: string;
  /** Texts that mean "missing". */
  nullValues?: readonly string[];
}

/** A decimal number, with or without an exponent. The patterns are valid for JavaScript and for RE2, which DuckDB uses. */
export const numberPattern = {
  '.': String.raw`[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?`,
  ',': String.raw`[+-]?(\d+,?\d*|,\d+)([eE][+-]?\d+)?`,
};
/** A date with or without time: ISO 8601, or with slashes, or followed by UTC or GMT. Without an offset it is UTC. */
export const datePattern = String.raw`\d{4}(-\d{2}-|/\d{2}/)\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}(:\d{2})?| ?(UTC|GMT))?)?`;
/** A date as `31.05.2024`, with or without time: day, month, year. */
export const dottedPattern = String.raw`\d{2}\.\d{2}\.\d{4}( \d{2}:\d{2}(:\d{2})?)?`;

const number = { '.': new RegExp(`^(?:${numberPattern['.']})$`), ',': new RegExp(`^(?:${numberPattern[',']})$`) };
const date = new RegExp(`^(?:${datePattern})$`);
const dotted = new RegExp(`^(?:${dottedPattern})$`);

/** A cell: `good`; `blank`, a rating or time that is missing; `missing`, an id that means so; or `bad`. */
export type CellKind = 'good' | 'blank' | 'missing' | 'bad';

/** Judges a cell of a role by the same rules as `checkedText`. */
export function cellKind(role: Role, cell: string, rules: CellRules = {}): CellKind {
  const text = cell.trim();
  // U+FFFD replaces bytes that were not valid UTF-8.
  if (cell.includes('\uFFFD')) return 'bad';
  // A row without a kind has the kind ''.
  if (role === 'event') return 'good';
  const isNull = rules.nullValues?.includes(text) ?? false;
  if (role === 'user' || role === 'item') return isNull ? 'missing' : text === '' ? 'bad' : 'good';
  if (role !== 'weight' && (text === '' || isNull)) return 'blank';
  if (role === 'time' && rules.timeFormat !== undefined)
    return timeFormat(rules.timeFormat).isTime(text) ? 'good' : 'bad';
  const decimal = rules.decimal ?? '.';
  if (number[decimal].test(text)) {
    const value = Number(text.replace(',', '.'));
    return Number.isFinite(value) && (role !== 'weight' || value >= 0) ? 'good' : 'bad';
  }
  return role === 'time' && isDate(text) ? 'good' : 'bad';
}

/** True for a decimal number. */
export function isNumber(text: string, decimal: '.' | ',' = '.'): boolean {
  return number[decimal].test(text.trim());
}

/** True for a date that exists, in one of the forms that are read without a format. */
export function isDate(cell: string): boolean {
  const text = cell.trim();
  if (dotted.test(text)) {
    const [day, month, year] = text.slice(0, 10).split('.').map(Number) as [number, number, number];
    return isClock(year, month, day, ...clockOf(text.slice(11)));
  }
  if (!date.test(text)) return false;
  const [year, month, day] = text.slice(0, 10).split(/[-/]/).map(Number) as [number, number, number];
  return isClock(year, month, day, ...clockOf(text.slice(11, 19)));
}

/** Hour, minute and second of `12:30` or `12:30:05`. */
function clockOf(text: string): [number, number, number] {
  const [hour = 0, minute = 0, second = 0] = /^\d{2}:\d{2}/.test(text)
    ? text.split(':').map((part) => Number(part.slice(0, 2)))
    : [];
  return [hour, minute, second];
}

/** The expected content of a cell by role, for messages. */
export function expectedCell(role: Role, rules: CellRules = {}): string {
  if (role === 'user') return 'a user id that is not blank';
  if (role === 'item') return 'an item id that is not blank';
  if (role === 'event') return 'the kind of an event';
  const decimals = rules.decimal === ',' ? ' with a decimal comma' : '';
  if (role === 'weight') return `a number of at least 0${decimals}`;
  if (role === 'rating') return `a number${decimals}`;
  if (rules.timeFormat !== undefined) return `a time in the format ${rules.timeFormat}`;
  return 'a number or a date such as 2024-05-31 or 2024-05-31T12:00:00Z';
}

/** What to do about a bad cell, as a sentence; undefined without a special remedy. */
export function cellRemedy(role: Role, cell: string, rules: CellRules = {}): string | undefined {
  const { decimal = '.', timeFormat: format } = rules;
  const other = decimal === ',' ? '.' : ',';
  const isMeasure = role !== 'user' && role !== 'item' && role !== 'event' && (role !== 'time' || format === undefined);
  if (isMeasure && isNumber(cell, other) && !isNumber(cell, decimal))
    return `For a decimal ${other === ',' ? 'comma' : 'point'} set decimal: '${other}' (--decimal ${other}).`;
  if (role === 'time')
    return "Name the format of the times (timeFormat: '%d/%m/%Y', --time-format %d/%m/%Y), or ignore times (time: false, --no-time).";
  if (role === 'rating')
    return 'Ignore ratings with rating: false (--no-rating), or name the texts that mean a missing one (nullValues, --null-values).';
  return undefined;
}

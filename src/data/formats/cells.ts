// What a cell may contain, by role. `cell-sql.ts` says the same in SQL, with the same patterns.

import type { Role } from '../columns.ts';
import { secondsAt, timeFormat, withMicros } from './time-format.ts';

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
  // U+FFFD replaces bytes that were not valid UTF-8.
  if (cell.includes('\uFFFD')) return 'bad';
  // A row without a kind has the kind ''.
  if (role === 'event') return 'good';
  if (role === 'user' || role === 'item') {
    const text = trimmed(cell);
    return rules.nullValues?.includes(text) ? 'missing' : text === '' ? 'bad' : 'good';
  }
  const value = measureOf(role, cell, rules);
  return value === undefined ? 'bad' : Number.isNaN(value) ? 'blank' : 'good';
}

/** The value of a rating, time or weight: NaN for a blank one, undefined for a bad one. Times that are dates are seconds since 1970-01-01 UTC. */
export function measureOf(role: 'rating' | 'time' | 'weight', cell: string, rules: CellRules = {}): number | undefined {
  const text = trimmed(cell);
  if (role !== 'weight' && (text === '' || rules.nullValues?.includes(text))) return Number.NaN;
  if (role === 'time' && rules.timeFormat !== undefined) return timeFormat(rules.timeFormat).secondsOf(text);
  if (isDigits(text)) return Number(text);
  const decimal = rules.decimal ?? '.';
  if (number[decimal].test(text)) {
    const value = Number(decimal === ',' ? text.replace(',', '.') : text);
    return Number.isFinite(value) && (role !== 'weight' || value >= 0) ? value : undefined;
  }
  return role === 'time' ? dateSeconds(text) : undefined;
}

/** True for one to 300 digits, as most measures are: a shortcut of the pattern. */
function isDigits(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return text.length > 0 && text.length <= 300;
}

/** A cell without the spaces, tabs and line ends around it. */
export function trimmed(cell: string): string {
  const first = cell.charCodeAt(0);
  const last = cell.charCodeAt(cell.length - 1);
  // The first and the last character of most cells are above the space.
  return first > 32 && last > 32 ? cell : cell.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}

/** True for a decimal number. */
export function isNumber(text: string, decimal: '.' | ',' = '.'): boolean {
  return number[decimal].test(trimmed(text));
}

/** True for a date that exists, in one of the forms that are read without a format. */
export function isDate(cell: string): boolean {
  return dateSeconds(trimmed(cell)) !== undefined;
}

/** Seconds since 1970-01-01 UTC, in whole microseconds, of a date in one of the forms that are read without a format; undefined for any other text. */
function dateSeconds(text: string): number | undefined {
  if (dotted.test(text)) {
    const [day, month, year] = text.slice(0, 10).split('.').map(Number) as [number, number, number];
    return secondsAt(year, month, day, ...clockOf(text.slice(11)));
  }
  if (!date.test(text)) return undefined;
  const [year, month, day] = text.slice(0, 10).split(/[-/]/).map(Number) as [number, number, number];
  // The end of a day is the hour 24, with nothing but zeros after it.
  const isEnd = /^24:00(:00(\.0{1,5}|\.0{6}\d*)?)?(?![:.\d])/.test(text.slice(11));
  const [hour, minute, second] = clockOf(text.slice(11));
  const clock = secondsAt(year, month, day, isEnd ? 0 : hour, minute, second);
  if (clock === undefined) return undefined;
  const [, micros = ''] = /\.(\d{1,6})/.exec(text) ?? [];
  const [, sign, hours = 0, minutes = 0] = /\d([+-])(\d{2})(?::(\d{2}))?$/.exec(text.slice(13)) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === '-' ? -1 : 1);
  return withMicros(clock + (isEnd ? 86_400 : 0) - offset, micros);
}

/** Hour, minute and second of `12:30` or `12:30:05`. */
function clockOf(text: string): [number, number, number] {
  const [hour = 0, minute = 0, second = 0] = /^\d{2}:\d{2}/.test(text)
    ? text
        .slice(0, 8)
        .split(':')
        .map((part) => Number(part.slice(0, 2)))
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

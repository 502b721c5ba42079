// The rules of `cells.ts` as SQL.

import type { Role } from '../columns.ts';
import { type CellRules, datePattern, dottedPattern, numberPattern } from './cells.ts';
import { literal } from './duckdb.ts';
import { timeFormat } from './time-format.ts';

/** The number of missing cells as SQL: NaN, because NULL marks a bad cell. */
export const blankCell = "'nan'::DOUBLE";

/** An SQL expression of the value of a text: NULL for a bad cell, NaN for a blank one. */
export function checkedText(role: Role, text: string, rules: CellRules): string {
  const trimmed = `trim(${text}, ' \t\r\n')`;
  if (role === 'event') return `coalesce(${trimmed}, '')`;
  const nulls = (rules.nullValues ?? []).map(literal).join(', ');
  if (role === 'user' || role === 'item') {
    return `CASE WHEN ${trimmed} <> ''${nulls && ` AND ${trimmed} NOT IN (${nulls})`} THEN ${text} END`;
  }
  const blank =
    role === 'weight'
      ? ''
      : `WHEN coalesce(${trimmed}, '') = ''${nulls && ` OR ${trimmed} IN (${nulls})`} THEN ${blankCell} `;
  if (role === 'time' && rules.timeFormat !== undefined) {
    const { pattern, text: format } = timeFormat(rules.timeFormat);
    return `CASE ${blank}WHEN regexp_full_match(${trimmed}, ${literal(pattern)}) THEN epoch(try_strptime(${trimmed}, ${literal(format)})) END`;
  }
  const decimal = rules.decimal ?? '.';
  const value = finite(`TRY_CAST(${decimal === ',' ? `replace(${trimmed}, ',', '.')` : trimmed} AS DOUBLE)`, role);
  // DuckDB wants seconds before an offset.
  const zoned = `regexp_replace(${trimmed}, '([ T]\\d{2}:\\d{2})(Z|[+-]\\d{2}(:\\d{2})?)$', '\\1:00\\2')`;
  const iso = `replace(regexp_replace(${zoned}, ' ?(UTC|GMT)$', ''), '/', '-')`;
  const dates =
    role === 'time'
      ? ` WHEN regexp_full_match(${trimmed}, ${literal(datePattern)}) THEN epoch(TRY_CAST(${iso} AS TIMESTAMPTZ))` +
        ` WHEN regexp_full_match(${trimmed}, ${literal(dottedPattern)}) THEN epoch(try_strptime(${trimmed}, ['%d.%m.%Y', '%d.%m.%Y %H:%M', '%d.%m.%Y %H:%M:%S']))`
      : '';
  return `CASE ${blank}WHEN regexp_full_match(${trimmed}, ${literal(numberPattern[decimal])}) THEN ${value}${dates} END`;
}

/** An SQL expression for a number that is NULL when it is infinite or NaN, or, for a weight, negative. */
export function finite(value: string, role: Role): string {
  return `CASE WHEN isfinite(${value})${role === 'weight' ? ` AND ${value} >= 0` : ''} THEN ${value} END`;
}

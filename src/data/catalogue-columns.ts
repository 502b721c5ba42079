// Which columns of a table are the id, the title and the attributes of items.

import { TaurecError } from '../errors.ts';
import type { AttributeType } from './attribute-columns.ts';
import { reservedNames } from './catalogue-table.ts';
import { isItemIdName, isTitleName, type TitleOptions } from './title-columns.ts';

/** The trimmed names of the columns, and the positions, from 0, of the id and the title. @throws TaurecError `bad-catalogue`, `missing-column` */
export function catalogueColumns(
  file: string,
  columns: readonly string[],
  options: TitleOptions,
): { readonly names: readonly string[]; readonly id: number; readonly title: number | undefined } {
  const names = columns.map((name) => name.trim());
  const twice = names.findIndex((name, at) => name !== '' && names.indexOf(name) < at);
  if (twice >= 0)
    throw new TaurecError('bad-catalogue', { file, line: 1, problem: `two columns are called ${names[twice]}` });
  return { names, ...findColumns(file, names, options) };
}

/** Why a column is no attribute; undefined for one that is. @param type the type of its values; undefined for nested ones @param given their type by the format */
export function reasonToLeaveOut(
  name: string,
  at: number,
  type: AttributeType | undefined,
  given: string | undefined,
): string | undefined {
  if (name === '') return `column ${at + 1} has no name`;
  if (reservedNames.includes(name)) return 'filters use this name';
  return type === undefined ? `its values are nested (${given!.slice(0, 60)})` : undefined;
}

/** The positions of the id and the title, from 0; the title is undefined where no column has its name. */
function findColumns(
  file: string,
  names: readonly string[],
  options: TitleOptions,
): { readonly id: number; readonly title: number | undefined } {
  const given = (role: 'id' | 'title') => {
    const column = options[role];
    if (column === undefined) return undefined;
    const at = names.indexOf(String(column));
    if (at >= 0) return at;
    const position = Number(column);
    if (Number.isInteger(position) && position >= 1 && position <= names.length) return position - 1;
    throw new TaurecError('missing-column', { file, got: column, role, columns: names });
  };
  const id = given('id') ?? Math.max(0, names.findIndex(isItemIdName));
  const named = names.findIndex((name, at) => at !== id && isTitleName(name));
  return { id, title: given('title') ?? (named < 0 ? undefined : named) };
}

/** The attribute type of a DuckDB type; undefined for nested ones. */
export function typeOf(type: string): AttributeType | undefined {
  if (type === 'BOOLEAN') return 'boolean';
  if (/^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL)/.test(type) && !type.endsWith(']')) return 'number';
  if (/^(DATE|TIMESTAMP)/.test(type) && !type.endsWith(']')) return 'time';
  const element = type.replace(/\[\d*\]$/, '');
  if (/^(STRUCT|MAP|UNION)\(|\]$/.test(element)) return undefined;
  return element === type ? 'text' : 'list';
}

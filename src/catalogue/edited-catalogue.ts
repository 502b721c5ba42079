import {
  type AttributeColumn,
  type AttributeType,
  type AttributeValue,
  columnOf,
  valueAt,
} from '../data/attribute-columns.ts';
import { IdMap } from '../data/id-map.ts';
import { Catalogue } from './catalogue.ts';
import { Titles } from './titles.ts';

/** New values of an item (`ItemState` of a feedback log): null is no value. */
export interface EditedItem {
  readonly item: string;
  /** The values are all that the item has; otherwise the others stay. */
  readonly replaces: boolean;
  /** Attributes by name; `title` is the title. */
  readonly values: Readonly<Record<string, string | number | boolean | readonly string[] | null>>;
}

/** A catalogue with new values of some items; columns without a change are shared. Items that it does not have, attributes that it does not have, and values of another type are left out. */
export function editedCatalogue(catalogue: Catalogue, itemIds: IdMap, edits: readonly EditedItem[]): Catalogue {
  const { source, items, others, attributes, rows } = catalogue;
  const placed = edits.flatMap((edit) => {
    const item = itemIds.indexOf(edit.item);
    const row = item >= 0 ? item : items + others.indexOf(edit.item);
    return item >= 0 || row >= items ? [{ ...edit, row }] : [];
  });
  /** The new value by row; undefined: none. */
  const changes = (name: string): Map<number, unknown> => {
    const changed = new Map<number, unknown>();
    for (const { row, replaces, values } of placed) {
      if (Object.hasOwn(values, name)) changed.set(row, values[name] ?? undefined);
      else if (replaces) changed.set(row, undefined);
    }
    return changed;
  };
  const columns = [...attributes].map(([name, column]): [string, AttributeColumn] => {
    const changed = changes(name);
    for (const [row, value] of changed) if (!fits(column.type, value)) changed.set(row, undefined);
    return [name, changed.size > 0 ? edited(column, changed as Map<number, AttributeValue>, rows) : column];
  });
  const titled = changes('title');
  const titles = titled.size > 0 ? editedTitles(catalogue.titles, titled, rows) : catalogue.titles;
  return new Catalogue({ source, items, others, attributes: new Map(columns), titles });
}

/** Whether a value is one of an attribute of this type, or none. */
export function fits(type: AttributeType, value: unknown): value is AttributeValue {
  if (value === undefined) return true;
  if (type === 'list') return Array.isArray(value) && value.every((text) => typeof text === 'string');
  return typeof value === { text: 'string', boolean: 'boolean', number: 'number', time: 'number' }[type];
}

function edited(column: AttributeColumn, changed: Map<number, AttributeValue>, rows: number): AttributeColumn {
  switch (column.type) {
    case 'number':
    case 'time': {
      const values = column.values.slice();
      for (const [row, value] of changed) values[row] = value === undefined ? Number.NaN : (value as number);
      return { type: column.type, values };
    }
    case 'boolean': {
      const values = column.values.slice();
      for (const [row, value] of changed) values[row] = value === undefined ? 2 : Number(value);
      return { type: 'boolean', values };
    }
    case 'text': {
      const terms = withTerms(column.terms, [...changed.values()] as (string | undefined)[]);
      const values = column.values.slice();
      for (const [row, value] of changed) values[row] = value ? terms.indexOf(value as string) : -1;
      return { type: 'text', terms, values };
    }
    case 'list': {
      // A list may have another length: the column is made anew.
      const all = Array.from({ length: rows }, (_, row) =>
        changed.has(row) ? changed.get(row) : valueAt(column, row),
      );
      return columnOf('list', all);
    }
  }
}

/** The dictionary with the texts that it lacks. */
function withTerms(terms: IdMap, texts: readonly (string | undefined)[]): IdMap {
  const added = new Set(texts.filter((text): text is string => !!text && terms.indexOf(text) < 0));
  return added.size === 0 ? terms : IdMap.fromIds([...terms, ...added]);
}

function editedTitles(titles: Titles | undefined, changed: Map<number, unknown>, rows: number): Titles {
  const texts = Array.from({ length: rows }, (_, row) => {
    const given = changed.get(row);
    return changed.has(row) ? (typeof given === 'string' ? given : '') : (titles?.at(row) ?? '');
  });
  return Titles.from(texts, rows);
}

import {
  type AttributeColumn,
  type AttributeType,
  type AttributeValue,
  pickRows,
  valueAt,
} from '../data/attribute-columns.ts';
import type { CatalogueTable } from '../data/catalogue-table.ts';
import { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import { Titles } from './titles.ts';

/** An attribute's name and type. */
export interface Attribute {
  readonly name: string;
  readonly type: AttributeType;
}

/**
 * The attributes of a model's items. Row i < I is item i of the model; the rows from I on are items that the catalogue has and the model does not know: they wait for an update that brings them.
 */
export class Catalogue {
  /** The source, for messages, without passwords. */
  readonly source: string;
  /** I: the number of the model's items. */
  readonly items: number;
  /** Ids of the rows from I on; index j is row I + j. */
  readonly others: IdMap;
  readonly attributes: ReadonlyMap<string, AttributeColumn>;
  /** Titles by row; absent: the catalogue has none. */
  readonly titles?: Titles;

  /** Keeps references; checks nothing. */
  constructor(parts: Pick<Catalogue, 'source' | 'items' | 'others' | 'attributes' | 'titles'>) {
    this.source = parts.source;
    this.items = parts.items;
    this.others = parts.others;
    this.attributes = parts.attributes;
    this.titles = parts.titles;
  }

  /**
   * Puts the rows of a table in the order of a model's items.
   * @param titles by item: the titles of items that have none in the table; absent: none
   */
  static from(table: CatalogueTable, itemIds: IdMap, titles?: Titles): Catalogue {
    return arranged(
      { ...table, rows: table.ids.size, idOf: (row) => table.ids.idOf(row) },
      itemIds,
      (id) => table.ids.indexOf(id),
      (row, at) => table.titles?.[row] || (at < itemIds.size ? titles?.at(at) : undefined),
    );
  }

  /**
   * The catalogue for a model with other items: every row keeps its id.
   * @param from the items of this catalogue's model, `to` those of the other
   * @param titles by item: new titles, which replace those of the catalogue; absent: none
   */
  moved(from: IdMap, to: IdMap, titles?: Titles): Catalogue {
    const { source, attributes, items, others, rows } = this;
    const rowOf = (id: string) => {
      const item = from.indexOf(id);
      if (item >= 0) return item;
      const other = others.indexOf(id);
      return other < 0 ? -1 : items + other;
    };
    const idOf = (row: number) => (row < items ? from.idOf(row) : others.idOf(row - items));
    const titleOf = (row: number, at: number) =>
      (at < to.size ? titles?.at(at) : undefined) || (row < 0 ? undefined : this.titles?.at(row));
    return arranged({ source, attributes, rows, idOf }, to, rowOf, titleOf);
  }

  /** The catalogue with rows for more items, which have no values yet. `ids` are distinct, and none of them has a row. */
  withOthers(ids: readonly string[]): Catalogue {
    if (ids.length === 0) return this;
    const { source, items, rows, titles } = this;
    const from = Int32Array.from({ length: rows + ids.length }, (_, row) => (row < rows ? row : -1));
    return new Catalogue({
      source,
      items,
      others: this.others.followedBy(IdMap.fromIds(ids)),
      attributes: new Map([...this.attributes].map(([name, column]) => [name, pickRows(column, from)])),
      ...(titles && { titles: titles.longer(from.length) }),
    });
  }

  /** The number of rows: I and the other items. */
  get rows(): number {
    return this.items + this.others.size;
  }

  /** The values of an attribute. @throws TaurecError `unknown-name`, with the attributes that there are and their types */
  column(name: string): AttributeColumn {
    const column = this.attributes.get(name);
    if (column) return column;
    const known = this.list.map((one) => `${one.name} (${one.type})`);
    throw new TaurecError('unknown-name', { kind: 'attribute', got: name, known });
  }

  /** Names and types of the attributes, in the order of the columns. */
  get list(): Attribute[] {
    return [...this.attributes].map(([name, { type }]) => ({ name, type }));
  }

  /** The titles of the model's items. */
  get itemTitles(): Titles | undefined {
    const { titles, items } = this;
    return titles && new Titles(titles.bytes.subarray(0, titles.offsets[items]), titles.offsets.subarray(0, items + 1));
  }

  /** The attributes of a row that has any, by name. */
  valuesOf(row: number): Record<string, AttributeValue> {
    const values = [...this.attributes].map(([name, column]) => [name, valueAt(column, row)] as const);
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }
}

/** What the rows of a new catalogue are taken from. */
interface Origin extends Pick<Catalogue, 'source' | 'attributes'> {
  readonly rows: number;
  idOf(row: number): string;
}

/**
 * A catalogue with the rows of `origin` in the order of `itemIds`, the others after them.
 * @param rowOf the row of an id, −1 for none
 * @param titleOf the title of a row of `origin` (−1: none) that comes to row `at`
 */
function arranged(
  { source, attributes, rows, idOf }: Origin,
  itemIds: IdMap,
  rowOf: (id: string) => number,
  titleOf: (row: number, at: number) => string | undefined,
): Catalogue {
  const items = itemIds.size;
  const own = Array.from(itemIds, rowOf);
  const taken = new Uint8Array(rows);
  for (const row of own) if (row >= 0) taken[row] = 1;
  const left: number[] = [];
  for (let row = 0; row < rows; row++) if (!taken[row]) left.push(row);
  const from = Int32Array.from([...own, ...left]);
  const titles = Array.from(from, (row, at) => titleOf(row, at) ?? '');
  return new Catalogue({
    source,
    items,
    others: IdMap.fromIds(left.map(idOf)),
    attributes: new Map([...attributes].map(([name, column]) => [name, pickRows(column, from)])),
    ...(titles.some((text) => text !== '') && { titles: Titles.from(titles, from.length) }),
  });
}

/** How the items of a catalogue and those of a model match. */
export interface CatalogueMatch {
  /** Items of the model that the catalogue has. */
  readonly matched: number;
  /** Items of the catalogue that the model does not know: how many, and the first of them. */
  readonly unknown: number;
  readonly examples: readonly string[];
}

/** Counts the items that a catalogue and a model share. */
export function matchOf(table: CatalogueTable, itemIds: IdMap): CatalogueMatch {
  let unknown = 0;
  const examples: string[] = [];
  for (const id of table.ids) {
    if (itemIds.indexOf(id) >= 0) continue;
    unknown++;
    if (examples.length < 3) examples.push(id);
  }
  return { matched: table.ids.size - unknown, unknown, examples };
}

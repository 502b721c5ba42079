import { BestItems } from '../../array/best-items.ts';
import { csrDegree, csrHas, csrRow } from '../../array/csr.ts';
import { type AttributeColumn, hasValue, valueAt } from '../../data/attribute-columns.ts';
import type { Dataset } from '../../data/build-dataset.ts';
import type { IdMap } from '../../data/id-map.ts';
import { spreadOf } from '../../data/spread.ts';
import { TaurecError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import type { Id } from '../../recommender/recommendation.ts';
import { mergeInteractions } from '../../training/merge.ts';
import type { Found, Person } from '../session.ts';

/** Hits of a search by default, and at most. */
const HITS = 20;
const MOST_HITS = 1000;
/** Values of an attribute at most. */
const VALUES = 100;

/** Who did what: a model has it, and so have data from which none is made yet. */
export type Known = Pick<Model, 'userIds' | 'itemIds' | 'seen' | 'validation' | 'popularity'> & {
  readonly titles?: { at(item: number): string | undefined };
};

/** What a model of these data would know. Users and items of the test part alone are left out, as models leave them out. */
export function knownOf({ train, valid, users, items, titles }: Dataset): Known {
  const seen = valid ? mergeInteractions(train, valid) : train;
  const popularity = new Int32Array(seen.columns);
  for (const item of seen.indices) popularity[item]!++;
  return {
    userIds: users.slice(train.rows),
    itemIds: items.slice(train.columns),
    seen,
    validation: valid,
    popularity,
    ...(titles && { titles: { at: (item: number) => titles[item] || undefined } }),
  };
}

/** An item of a model. */
export function foundItem({ itemIds, titles, popularity }: Known, item: number): Found {
  const title = titles?.at(item);
  return { id: itemIds.idOf(item), ...(title !== undefined && { title }), interactions: popularity[item]! };
}

/** Users or items whose id or title contains a text, in any case: most interactions first, ties in the order of the model. */
export function find(model: Known, what: 'user' | 'item', text: string, k = HITS): Found[] {
  const part = text.trim().toLowerCase();
  const ids = what === 'user' ? model.userIds : model.itemIds;
  const best = new BestItems(Math.max(0, Math.min(k, MOST_HITS, ids.size)));
  for (let index = 0; index < ids.size; index++) {
    const matches =
      ids.idOf(index).toLowerCase().includes(part) ||
      (what === 'item' && (model.titles?.at(index)?.toLowerCase().includes(part) ?? false));
    if (matches) best.offer(index, what === 'user' ? csrDegree(model.seen, index) : model.popularity[index]!);
  }
  return best
    .take()
    .map(({ item: index, score }) =>
      what === 'item' ? foundItem(model, index) : { id: ids.idOf(index), interactions: score },
    );
}

/** What a user has done, in the order of the model's items. @throws TaurecError `unknown-id` */
export function person(model: Known, id: Id): Person {
  const { seen, validation } = model;
  const user = indexOf('user', model.userIds, id);
  return {
    user: String(id),
    items: Array.from(csrRow(seen, user), (item) => ({
      ...foundItem(model, item),
      part: validation && csrHas(validation, user, item) ? 'valid' : 'train',
    })),
  };
}

function indexOf(kind: 'user' | 'item', ids: IdMap, id: Id): number {
  const index = ids.indexOf(id);
  if (index >= 0) return index;
  const remedy = 'Search for it by a part of its id.';
  throw new TaurecError('unknown-id', { kind, id, count: ids.size, remedy });
}

/** An attribute that lists can be filtered by. */
export interface FilterAttribute {
  readonly name: string;
  readonly type: string;
  /** The most frequent values, most frequent first. */
  readonly values?: readonly string[];
  readonly from?: number;
  readonly to?: number;
}

/** The attributes of a model's catalogue. */
export function filterAttributes({ catalogue }: Model): FilterAttribute[] {
  if (!catalogue) return [];
  return [...catalogue.attributes].map(([name, column]) => ({ name, type: column.type, ...valuesOf(column) }));
}

function valuesOf(column: AttributeColumn): Pick<FilterAttribute, 'values' | 'from' | 'to'> {
  if (column.type === 'boolean') return {};
  if (!('terms' in column)) {
    if (!column.values.some((value) => !Number.isNaN(value))) return {};
    const { min, max } = spreadOf(column.values);
    return { from: min, to: max };
  }
  const counts = new Int32Array(column.terms.size);
  for (const term of column.values) if (term >= 0) counts[term]!++;
  const best = new BestItems(Math.min(VALUES, counts.length));
  counts.forEach((count, term) => {
    if (count > 0) best.offer(term, count);
  });
  return { values: best.take().map(({ item: term }) => column.terms.idOf(term)) };
}

/** The value of an attribute as a text: of a list the first, of a time the day. Undefined for none. */
export function valueText(column: AttributeColumn, row: number): string | undefined {
  if (!hasValue(column, row)) return undefined;
  const value = valueAt(column, row);
  if (Array.isArray(value)) return value[0];
  return column.type === 'time' ? new Date(1000 * Number(value)).toISOString().slice(0, 10) : String(value);
}

import * as z from 'zod';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { ItemFilters } from '../catalogue/item-filters.ts';
import type { AttributeColumn } from '../data/attribute-columns.ts';
import type { IdMap } from '../data/id-map.ts';
import { TaurecError } from '../errors.ts';
import { type Trends, trendShape } from '../feedback/trends.ts';
import { checkOptions, finite, option } from '../option.ts';
import { itemFilterInSteps } from './item-filter.ts';
import type { RankedItem } from './list-ranker.ts';
import { firstItems, type PopularItems } from './popular-items.ts';
import { listShape } from './recommendation.ts';

/** The orders of lists that are for everybody. */
export const itemOrders = ['popular', 'latest', 'trending'] as const;
/** An order of a list that is for everybody. */
export type ItemOrder = (typeof itemOrders)[number];

/** The declarations of the options of the most popular items. */
const itemListShape = {
  k: listShape.k,
  exclude: listShape.exclude,
  where: listShape.where,
  atMost: listShape.atMost,
};
/** The declarations of the options of the newest items. */
const latestShape = {
  ...itemListShape,
  /** The attribute of the type time that says when an item is new. Default: the only one, or one with a usual name (released, published, added, created, also as `release_date` or `createdAt`). */
  time: option(z.string({ error: 'the name of an attribute' }).optional(), {
    flag: '--time <attribute>',
    help: 'latest: attribute of the type time (default: the only one, or found by name: released, published, added, created)',
  }),
  /** Items with a later time are not out yet and are left out: seconds since 1970. Default: the clock. */
  now: finite.optional(),
};
const trendingShape = { ...itemListShape, ...trendShape };
/** The declarations of the options of all orders. */
export const itemListsShape = { ...latestShape, ...trendingShape };

const itemListSchema = z.object(itemListShape);
const latestSchema = z.object(latestShape);
const trendingSchema = z.object(trendingShape);

/** Options of the most popular items. */
export type ItemListOptions = Readonly<z.input<typeof itemListSchema>>;
/** Options of the newest items. */
export type LatestOptions = Readonly<z.input<typeof latestSchema>>;
/** Options of the items that people act on now. */
export type TrendingOptions = Readonly<z.input<typeof trendingSchema>>;

/** A list for everybody: its order, and the options of that order. */
export type ItemListRequest =
  | { readonly by: 'popular'; readonly options: ItemListOptions }
  | { readonly by: 'latest'; readonly options: LatestOptions }
  | { readonly by: 'trending'; readonly options: TrendingOptions; readonly trends: Trends };

/** Lists for everybody. Items are taken in order, so a list has exactly k items if that many pass its filter and its limits. */
export class ItemLists {
  readonly #ids: IdMap;
  readonly #popular: PopularItems;
  /** Items by time, newest first, by the column of the times: an edited catalogue has new columns. */
  readonly #newest = new WeakMap<AttributeColumn, Int32Array>();

  constructor(ids: IdMap, popular: PopularItems) {
    this.#ids = ids;
    this.#popular = popular;
  }

  /** Yields between steps. @throws TaurecError `bad-option`, `unknown-name`, `no-catalogue` */
  *listInSteps(request: ItemListRequest, filters: ItemFilters): Generator<void, RankedItem[]> {
    const { k, exclude, where, atMost } = checkOptions(itemListSchema, request.options);
    const ordered = yield* this.#orderedInSteps(request, filters.catalogue);
    const filter = yield* itemFilterInSteps(this.#ids, exclude, undefined, yield* filters.setOf(where));
    return firstItems(ordered, k, filter, this.#ids.size, atMost && filters.limitsOf(atMost));
  }

  *#orderedInSteps(request: ItemListRequest, catalogue: Catalogue | undefined): Generator<void, Iterable<RankedItem>> {
    if (request.by === 'popular') return this.#popular.ranked();
    if (request.by === 'latest') return this.#latest(checkOptions(latestSchema, request.options), catalogue);
    const { window, halfLife, now } = checkOptions(trendingSchema, request.options);
    const trends = yield* request.trends.rankedInSteps({ window, halfLife, now });
    return this.#known(trends);
  }

  /** The items that the model knows. */
  *#known(trends: ReturnType<Trends['ranked']>): Iterable<RankedItem> {
    for (const { item, score } of trends) {
      const index = this.#ids.indexOf(item);
      if (index >= 0) yield { item: index, score };
    }
  }

  /** Items by a time attribute, newest first, without those that have no time or one after `now`; ties to the lower item. */
  *#latest(
    { time, now = Date.now() / 1000 }: z.output<typeof latestSchema>,
    catalogue: Catalogue | undefined,
  ): Iterable<RankedItem> {
    if (!catalogue) throw new TaurecError('no-catalogue');
    const column = catalogue.column(timeAttribute(catalogue, time)) as { readonly values: Float64Array };
    const times = column.values;
    let order = this.#newest.get(column as AttributeColumn);
    if (!order) {
      const dated = Array.from({ length: catalogue.items }, (_, item) => item).filter(
        (item) => times[item]! <= Infinity,
      );
      order = Int32Array.from(dated).sort((a, b) => times[b]! - times[a]! || a - b);
      this.#newest.set(column as AttributeColumn, order);
    }
    for (const item of order) if (times[item]! <= now) yield { item, score: times[item]! };
  }
}

/** What attributes are called that say since when an item is there: the first of these that a catalogue has. */
const usualNames = [/^releas/, /^publish/, /^(add|available)/, /^creat/];

/**
 * The attribute of the times.
 * @throws TaurecError `unknown-name` for one that the catalogue lacks, `bad-option` for one of another type, and where none is given and none is clear
 */
function timeAttribute(catalogue: Catalogue, given: string | undefined): string {
  const names = catalogue.list.filter(({ type }) => type === 'time').map(({ name }) => name);
  const type = given === undefined ? undefined : catalogue.column(given).type;
  if (type === 'time') return given!;
  const usual = usualNames.flatMap((usual) => names.find((name) => usual.test(name.toLowerCase())) ?? []);
  const found = names.length === 1 ? names[0] : usual[0];
  if (given === undefined && found !== undefined) return found;
  throw new TaurecError('bad-option', {
    option: 'time',
    got: given === undefined ? 'nothing' : `${given}, a ${type}`,
    expected:
      names.length > 0
        ? `an attribute of the type time: ${names.join(', ')}`
        : 'an attribute of the type time, which the catalogue has not',
  });
}

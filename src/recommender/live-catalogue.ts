import { Catalogue } from '../catalogue/catalogue.ts';
import { type EditedItem, editedCatalogue } from '../catalogue/edited-catalogue.ts';
import { ItemFilters } from '../catalogue/item-filters.ts';
import type { Titles } from '../catalogue/titles.ts';
import type { CatalogueTable } from '../data/catalogue-table.ts';
import { IdMap } from '../data/id-map.ts';
import type { RankedItem } from './list-ranker.ts';
import type { RecommendedItem } from './recommendation.ts';

/** An edit of an item (`ItemState` of a feedback log). `deleted`: no list has the item. */
export interface ItemChange extends EditedItem {
  readonly deleted: boolean;
}

/** The titles and attributes that lists use now: they can be replaced and edited while lists are made. */
export class LiveCatalogue {
  /** Whether the catalogue is another than that of the stored model, or has edits. */
  changed = false;
  readonly #itemIds: IdMap;
  /** Items that no list has. */
  readonly #removed = new Set<number>();
  #filters: ItemFilters;
  #titles: Titles | undefined;
  /** [items] the ids that lists had so far: an item of many lists has one text. */
  #ids: (string | undefined)[] | undefined;

  constructor(itemIds: IdMap, catalogue?: Catalogue, titles?: Titles) {
    this.#itemIds = itemIds;
    this.#filters = new ItemFilters(catalogue);
    this.#titles = titles;
  }

  get filters(): ItemFilters {
    return this.#filters;
  }

  get titles(): Titles | undefined {
    return this.#titles;
  }

  /** Id and title of an item by index. */
  readonly nameOf = (item: number): { readonly id: string; readonly title?: string } => {
    this.#ids ??= new Array(this.#itemIds.size);
    this.#ids[item] ??= this.#itemIds.idOf(item);
    const id = this.#ids[item]!;
    const title = this.#titles?.at(item);
    return title === undefined ? { id } : { id, title };
  };

  /** Item indices as ids, with titles if there are any. */
  titled(list: readonly RankedItem[]): RecommendedItem[] {
    return list.map(({ item, score }) => {
      const { id, title } = this.nameOf(item);
      return title === undefined ? { id, score } : { id, score, title };
    });
  }

  /** Takes another catalogue. Items keep their titles where it has none. */
  replace(catalogue: CatalogueTable | Catalogue): void {
    this.changed = true;
    this.#removed.clear();
    this.#take(catalogue instanceof Catalogue ? catalogue : Catalogue.from(catalogue, this.#itemIds, this.#titles));
  }

  edit(changes: readonly ItemChange[]): void {
    this.changed ||= changes.length > 0;
    const empty = { source: 'edits', ids: IdMap.fromIds([]), attributes: new Map(), leftOut: [] };
    const catalogue = this.#filters.catalogue ?? Catalogue.from(empty, this.#itemIds, this.#titles);
    for (const { item, deleted } of changes) {
      const index = this.#itemIds.indexOf(item);
      if (index < 0) continue;
      if (deleted) this.#removed.add(index);
      else this.#removed.delete(index);
    }
    const kept = changes.filter(({ deleted }) => !deleted);
    this.#take(editedCatalogue(catalogue, this.#itemIds, kept));
  }

  #take(catalogue: Catalogue): void {
    this.#filters = new ItemFilters(catalogue, this.#removed);
    this.#titles = catalogue.itemTitles;
  }
}

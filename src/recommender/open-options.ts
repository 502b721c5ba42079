import type { EditedItem } from '../catalogue/edited-catalogue.ts';
import type { CatalogueTable } from '../data/catalogue-table.ts';
import type { LossSource } from '../loss/loss.ts';
import type { RankingEngineOptions } from './ranking-engine.ts';

/** Options for opening a model to recommend with. */
export interface OpenOptions extends RankingEngineOptions {
  /** The loss to fold new users in with; needed for a model trained with a custom loss, because taurec never loads code that a model names. */
  readonly loss?: LossSource;
  /**
   * The method by which `recommend` and `recommendFor` find items. `exact` (default) scores all items. `approximate` uses the index built by `taurec index` or `buildIndex`, for catalogues of a million items or more; it may miss
   * items (rates: docs/approximate-index.md). Even then some requests are ranked exactly: those with `allow` or `discover`, those whose k (with `diversity`, the number of candidates), `exclude` and seen items add up to more than
   * 1000, and those for which the index finds fewer than k items.
   */
  readonly index?: (typeof indexKinds)[number];
  /** Opens an approximate index that another installation built, without rebuilding it. Such a file can read the memory of the process and end it: trust whoever built it. Default false: it is rebuilt from the embeddings, in memory. */
  readonly trustIndex?: boolean;
  /** A catalogue in place of the model's own (`readCatalogue`). */
  readonly catalogue?: CatalogueTable;
  /** Edits of items, to be applied to the catalogue before the model is opened: items that it lacks are placed by their attributes (`editItems` later does not). Default: none. */
  readonly edits?: readonly EditedItem[];
  /** Called with a sentence when the approximate index is rebuilt. */
  readonly onNotice?: (message: string) => void;
}

/** The values of `OpenOptions.index`. */
export const indexKinds = ['exact', 'approximate'] as const;

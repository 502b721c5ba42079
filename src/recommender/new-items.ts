import { resized } from '../array/csr.ts';
import { type AnyMatrix, copyRows, halfMatrix, isHalf } from '../array/half-matrix.ts';
import { type Matrix, matrix } from '../array/matrix.ts';
import { sharedFloat32, sharedInt32 } from '../array/shared.ts';
import { Catalogue } from '../catalogue/catalogue.ts';
import { type EditedItem, editedCatalogue } from '../catalogue/edited-catalogue.ts';
import { predictItems } from '../cold/cold-items.ts';
import type { CatalogueTable } from '../data/catalogue-table.ts';
import { IdMap } from '../data/id-map.ts';
import { learnedColdItems } from '../model/learn-cold-items.ts';
import { type ServedModel, widenedModel } from '../model/model.ts';

/** The model with another catalogue. What attributes tell is computed now, in seconds, where the model does not contain it. */
export function withCatalogue<M extends ServedModel>(model: M, table: CatalogueTable): M {
  const catalogue = Catalogue.from(table, model.itemIds, model.titles);
  const cold = model.cold ?? learnedColdItems(widenedModel(model), catalogue);
  return { ...model, catalogue, titles: catalogue.itemTitles, cold };
}

/** The model with edits of items in its catalogue, and with rows there for edited items that it lacks. As it is where attributes tell nothing about embeddings. */
export function withAddedItems<M extends ServedModel>(model: M, edits: readonly EditedItem[]): M {
  const { catalogue, cold, itemIds } = model;
  if (!catalogue || !cold || edits.length === 0) return model;
  const isMissing = (id: string) => itemIds.indexOf(id) < 0 && catalogue.others.indexOf(id) < 0;
  const ids = new Set(edits.map(({ item }) => item).filter(isMissing));
  const edited = editedCatalogue(catalogue.withOthers([...ids]), itemIds, edits);
  return { ...model, catalogue: edited, titles: edited.itemTitles };
}

/** The rows of both, in the precision of the first. */
function followedBy(items: AnyMatrix, added: Matrix): AnyMatrix {
  const [rows, d] = [items.rows + added.rows, items.columns];
  const all = isHalf(items) ? halfMatrix(rows, d) : matrix(rows, d, sharedFloat32(rows * d));
  copyRows(items, all);
  copyRows(added, all, items.rows);
  return all;
}

/**
 * The model with the items that only its catalogue has, after its own: they get the embeddings that their attributes tell, nobody has them, and they have no neighbours. The model itself where attributes tell nothing, or the
 * catalogue has no others. `cold` and the training state do not fit the result and are left out.
 */
export function withNewItems<M extends ServedModel>(model: M): M {
  const { catalogue, cold, items, neighbors, validation } = model;
  const added = catalogue && cold ? catalogue.others.size : 0;
  if (added === 0) return model;
  const total = items.rows + added;
  const d = items.columns;
  const predicted = predictItems(cold!, d, catalogue!, items.rows, total);
  const embeddings = followedBy(items, predicted.items);
  const itemBias = new Float32Array(total);
  if (model.itemBias) itemBias.set(model.itemBias);
  itemBias.set(predicted.bias, items.rows);
  const predictedPrior = new Float32Array(total);
  predictedPrior.set(predicted.prior, items.rows);
  const popularity = sharedInt32(total);
  popularity.set(model.popularity);
  const { source, attributes, titles, others } = catalogue!;
  const none = IdMap.fromIds([]);
  const allTitles = titles ?? model.titles?.longer(total);
  return {
    ...model,
    config: { ...model.config, items: total },
    items: embeddings,
    itemBias,
    predictedPrior,
    itemIds: model.itemIds.followedBy(others),
    seen: { ...model.seen, columns: total },
    ...(validation && { validation: { ...validation, columns: total } }),
    ...(neighbors && { neighbors: { ...neighbors, votes: resized(neighbors.votes, total, total) } }),
    popularity,
    titles: allTitles,
    catalogue: new Catalogue({ source, items: total, others: none, attributes, titles: allTitles }),
    cold: undefined,
    trainingState: undefined,
  };
}

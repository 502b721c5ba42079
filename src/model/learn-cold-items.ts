import type { Catalogue } from '../catalogue/catalogue.ts';
import { type ColdItems, fitColdItems, shrunkItems } from '../cold/cold-items.ts';
import type { ColdItemsSource } from '../cold/cold-items-source.ts';
import { type Model, trainedItems } from './model.ts';

/** The parts of a model that `learnedColdItems` reads. */
type Learned = Pick<
  Model,
  'config' | 'users' | 'items' | 'itemBias' | 'popularity' | 'neighbors' | 'seen' | 'validation'
>;

/** What the attributes of a catalogue tell about a model's embeddings; undefined where it is nothing, and where the model was trained with `coldItems: 'off'`. */
export function learnedColdItems(model: Learned, catalogue: Catalogue): ColdItems | undefined {
  return model.config.training.coldItems === 'off' ? undefined : fitColdItems(sourceOf(model, catalogue));
}

/** The model with what its catalogue tells about its embeddings, and with the embeddings of items that few users have shrunk towards what their attributes tell; as it is where that is nothing. */
export function learnColdItems<M extends Model>(model: M): M {
  const { catalogue, cold: _, ...rest } = model;
  const cold = catalogue && learnedColdItems(model, catalogue);
  if (!cold) return { ...rest, ...(catalogue && { catalogue }) } as M;
  return { ...model, cold, items: shrunkItems(cold, sourceOf(model, catalogue)) };
}

function sourceOf(model: Learned, catalogue: Catalogue): ColdItemsSource {
  const { config, users, items, itemBias, popularity, neighbors, seen } = model;
  const trained = trainedItems(model);
  return { score: config.score, users, items, itemBias, popularity, catalogue, neighbors, seen, trained };
}

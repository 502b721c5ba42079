import type { RankingEngine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { loadLoss } from '../loss/load-loss.ts';
import type { Loss } from '../loss/loss.ts';
import type { ServedModel } from '../model/model.ts';
import type { ModelPlace } from '../model/model-place.ts';
import type { ApproximateIndex } from './approximate-index.ts';
import { withAddedItems, withCatalogue, withNewItems } from './new-items.ts';
import { indexKinds, type OpenOptions } from './open-options.ts';
import { openEngineWith } from './ranking-engine.ts';

/** What a recommender of a model folder is made of. */
export interface OpenParts {
  readonly model: ServedModel;
  /** With the model's embeddings. */
  readonly engine: RankingEngine;
  readonly loss: Loss | undefined;
  readonly index: ApproximateIndex | undefined;
}

/** Opens a model folder for `Recommender.open`, and throws what that throws. */
export async function openParts(place: ModelPlace, options: OpenOptions): Promise<OpenParts> {
  const {
    loss: source,
    index: kind = 'exact',
    trustIndex,
    onNotice,
    catalogue,
    edits = [],
    ...engineOptions
  } = options;
  if (!indexKinds.includes(kind)) {
    throw new TaurecError('unknown-name', { kind: 'index', got: kind, known: indexKinds });
  }
  const loss = source && (await loadLoss(source));
  // `#open-model` and `#open-index` are import maps of package.json: Node reads files, a browser fetches them.
  const { beginOpening } = await import('#open-model');
  const { model: trained, sound } = await beginOpening(place);
  const index =
    kind === 'approximate'
      ? await (await import('#open-index')).openIndex(place as string, trained, { trustIndex, onNotice })
      : undefined;
  const described = catalogue ? withCatalogue(trained, catalogue) : trained;
  const model = withNewItems(withAddedItems(described, edits));
  const engine = await openEngineWith(model, engineOptions);
  try {
    // The digests were computed while the engine started.
    await sound;
  } catch (error) {
    await engine.close();
    throw error;
  }
  return { model, engine, loss, index };
}

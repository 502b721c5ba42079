import type { RankingEngine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import type { Loss } from '../loss/loss.ts';
import { createLoss, lossNames } from '../loss/losses.ts';
import { type ModelFacts, trainedScore } from '../model/model-facts.ts';
import { FoldIn } from './fold-in.ts';
import { inverseNorms } from './vectors.ts';

/** Liked items of a new user: distinct indices of the model, and a weight for each (default 1). */
export interface LikedItems {
  readonly items: Int32Array;
  readonly weights?: Float32Array;
}

/** Folds new users into a model with the loss that it was trained with. */
export class NewUsers {
  readonly #config: Pick<ModelFacts, 'score' | 'training' | 'loss' | 'seed'>;
  readonly #engine: RankingEngine;
  #loss?: Loss;
  /** Made at the first new user: it samples the catalogue. */
  #foldIn?: FoldIn;

  /** @param loss needed for a model with a custom loss */
  constructor(config: Pick<ModelFacts, 'score' | 'training' | 'loss' | 'seed'>, engine: RankingEngine, loss?: Loss) {
    this.#config = config;
    this.#engine = engine;
    this.#loss = loss;
  }

  /** The embedding [d] of a user who likes at least one item. Throws `bad-option` for none, `fold-in-loss`. */
  *embeddingInSteps(liked: LikedItems): Generator<void, Float32Array> {
    if (liked.items.length === 0) {
      throw new TaurecError('bad-option', { option: 'items', got: 'no known item', expected: 'at least one' });
    }
    this.#foldIn ??= this.#open();
    return yield* this.#foldIn.embeddingInSteps(liked.items, liked.weights);
  }

  /** Throws `fold-in-loss` for a custom loss that was not passed to `open`. */
  #open(): FoldIn {
    const { score, loss, seed } = this.#config;
    if (!this.#loss && !('name' in loss && (lossNames as string[]).includes(loss.name))) {
      const got = 'name' in loss ? `the loss ${loss.name}` : `the loss module ${loss.module}`;
      throw new TaurecError('fold-in-loss', { got });
    }
    this.#loss ??= createLoss(loss);
    const length = score === 'cosine' ? 1 : meanLength(inverseNorms(this.#engine.users));
    return new FoldIn(this.#engine, trainedScore(this.#config), this.#loss, length, { seed });
  }
}

/** The mean of the lengths whose inverses are given, without rows of length 0 (inverse 0); 1 if there are no others. */
function meanLength(inverse: Float64Array): number {
  const lengths = inverse.filter((x) => x > 0).map((x) => 1 / x);
  return lengths.length > 0 ? lengths.reduce((a, b) => a + b) / lengths.length : 1;
}

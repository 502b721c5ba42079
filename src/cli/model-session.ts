import type { Engine } from '../engine/engine.ts';
import type { Model } from '../model/model.ts';
import { openModel } from '../model/model-directory.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { openRankingEngine, type RankingEngineOptions } from '../recommender/ranking-engine.ts';

/** Opens a model and an engine that holds its embeddings, for as long as `use` takes. */
export async function withModel<T>(
  directory: string,
  options: RankingEngineOptions,
  use: (model: Model<ModelConfig>, engine: Engine) => T | Promise<T>,
): Promise<T> {
  const model = await openModel(directory);
  const engine = await openRankingEngine(model, options);
  try {
    return await use(model, engine);
  } finally {
    await engine.close();
  }
}

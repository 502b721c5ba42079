/** What a page does with taurec, and Node too: trains a small model and uses it. Returns plain data, to be compared. */
import {
  embeddingRanker,
  evaluateSync,
  openEngine,
  Recommender,
  syntheticDataset,
  TaurecError,
  trainEmbeddings,
  trainedModel,
} from 'taurec';

/**
 * @param {import('taurec').EngineOptions} options which engine trains and ranks
 * @param {import('taurec').TrainConfigInput} [config]
 */
export async function smallRun(options, config = {}) {
  const data = syntheticDataset({ users: 150, items: 80, interactions: 2500, validRatio: 0.1, seed: 3 });
  const training = { dimension: 16, epochs: 6, batch: { rows: 32, negatives: 40 }, seed: 5, threads: 1, ...options };
  const result = await trainEmbeddings(data, { ...training, ...config });
  const model = trainedModel(data, result);
  const { users, items } = model;
  const plan = { users: users.rows, items: items.rows, dimension: items.columns, score: model.config.score };
  const recommender = Recommender.fromModel(model, await openEngine(plan, options));
  const { metrics } = evaluateSync(embeddingRanker(recommender.engine), { ...data, protocol: 'clean' });
  const answer = {
    sha256: data.sha256,
    engine: result.engine,
    valid: result.valid,
    users: Array.from(users.data),
    list: recommender.recommend('7', { k: 10 }),
    folded: recommender.recommendFor(['3', '11'], { k: 5 }),
    similar: recommender.similarItems('3', { k: 5 }),
    metrics,
  };
  await recommender.close();
  return answer;
}

/**
 * The first list of a model folder, and the code of the error for a folder that is none.
 * @param {string} place @param {string} nowhere
 */
export async function useModel(place, nowhere) {
  const recommender = await Recommender.open(place);
  const list = recommender.recommend('7', { k: 10 });
  await recommender.close();
  const code = await Recommender.open(nowhere).catch((error) => error instanceof TaurecError && error.code);
  return { list, code };
}

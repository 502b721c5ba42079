/** What a page does with taurec, and Node too: trains a small model and uses it. Returns plain data, to be compared. */
import { Recommender, syntheticDataset, TaurecError, train } from 'taurec';

/**
 * @param {import('taurec/extend').EngineOptions} options which engine trains and ranks
 * @param {import('taurec').TrainConfigInput} [config]
 */
export async function smallRun(options, config = {}) {
  const data = syntheticDataset({ users: 150, items: 80, interactions: 2500, validRatio: 0.1, seed: 3 });
  const training = { dimension: 16, epochs: 6, batch: { rows: 32, negatives: 40 }, seed: 5, threads: 1, ...options };
  const model = await train(data, { ...training, ...config });
  const { result } = model;
  const { metrics } = await model.evaluate();
  const answer = {
    sha256: data.sha256,
    engine: result.engine,
    valid: result.valid,
    users: Array.from(model.model.users.data),
    list: model.recommend('7', { k: 10 }),
    folded: model.recommendFor(['3', '11'], { k: 5 }),
    similar: model.similarItems('3', { k: 5 }),
    metrics,
  };
  await model.close();
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

/** What a page does with a model that has a neighbour term, and Node too: trains one, opens one, and asks for lists and reasons. Returns plain data, to be compared. */
import { Recommender, syntheticDataset, train } from 'taurec';

/** @param {import('taurec').Recommender} recommender */
function answersOf(recommender) {
  const list = recommender.recommend('7', { k: 10, explain: 3 });
  return {
    list,
    unexplained: recommender.recommend('7', { k: 10 }),
    folded: recommender.recommendFor(['3', '11'], { k: 5, explain: 3 }),
    explained: recommender.explain('7', list[4].id),
    absent: recommender.explain('7', list[4].id, { exclude: [list[4].id] }),
    together: recommender.similarItems('3', { k: 5, by: 'together' }),
    scores: recommender.score('7', ['3', '11']),
  };
}

/** Trains without a validation part: the term has its fixed numbers. @param {import('taurec').TrainConfigInput} options */
export async function trainAndAsk(options) {
  const data = syntheticDataset({ users: 150, items: 80, interactions: 2500, seed: 3 });
  const config = { dimension: 16, epochs: 3, batch: { rows: 32, negatives: 40 }, seed: 5, threads: 1 };
  const model = await train(data, { ...config, ...options });
  const { neighbors } = model.model;
  const answers = answersOf(model);
  await model.close();
  return { ...answers, votes: neighbors && Array.from(neighbors.votes.values ?? []), beta: neighbors?.beta };
}

/** @param {string} place a folder, or its address @param {import('taurec').OpenOptions} options */
export async function openAndAsk(place, options) {
  const recommender = await Recommender.open(place, options);
  const answers = answersOf(recommender);
  await recommender.close();
  return answers;
}

/**
 * Measures lists of new people with and without the neighbour term: the table of docs/neighbours.md. A tenth of the users, drawn by the seed, is held out whole; a model is trained on all interactions of the others with
 * the default options, a tenth of them held out to choose by. Each held-out person with 15 known items or more gives n of them, drawn by the seed (a smaller n: the first of the same draw), is folded in, and gets a list of 20;
 * NDCG@20 counts the person's other items as relevant. With several seeds, which hold out different people, their people are taken together. The interval of the difference is a paired bootstrap over people.
 *
 *     node bench/new-people.mjs [--data amazon2014-health,movielens-1m] [--seeds 1,2,3] [--valid-ratio 0.1] [--threads 2] [--json]
 *
 * --valid-ratio 0: nothing is chosen, and the term has its fixed numbers.
 */
import { parseArgs } from 'node:util';
import { mean } from '../dist/experiment/statistics.js';
import { createModel, enableFusedMultiplyAdd, openRankingEngine, Recommender } from '../dist/index.js';
import { pairedBootstrap, parseTrainConfig } from '../dist/lab.js';
import { holdOutPeople, ndcgOfPerson } from './speed/held-out-people.mjs';

const GIVEN = [1, 2, 3, 5, 10];
/** Known items that a person needs: 10 to give and 5 to find. */
const LEAST = 15;

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'amazon2014-health,movielens-1m' },
    seeds: { type: 'string', default: '1,2,3' },
    'valid-ratio': { type: 'string', default: '0.1' },
    threads: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  },
});
/** The declared default, by name: with a validation part an unnamed objective is another one. */
const { loss } = parseTrainConfig({});
const threads = Number(values.threads);
const validRatio = Number(values['valid-ratio']);
enableFusedMultiplyAdd();

/** For each n the NDCG@20 of every person, with the term and without. @param {string} name @param {number} seed */
async function measure(name, seed) {
  const heldOut = holdOutPeople(name, seed);
  const trained = await heldOut.train({ validRatio }, { loss, threads });
  const { neighbors, ...plain } = trained.model;
  if (!neighbors) console.error(`${name}, seed ${seed}: no term was chosen`);
  else if (!values.json)
    console.error(`${name}, seed ${seed}: ${neighbors.kind}, K ${neighbors.size}, β ${neighbors.beta}`);
  const alone = Recommender.fromModel(createModel(plain), await openRankingEngine(trained.model, { threads }));
  const people = heldOut.people(trained.itemIds, LEAST);
  const figures = GIVEN.map((n) => {
    /** @param {Recommender} recommender */
    const ofAll = (recommender) => people.map((items) => ndcgOfPerson(recommender, items, n));
    return { with: ofAll(trained), without: ofAll(alone) };
  });
  await alone.close();
  await trained.close();
  return figures;
}

/** @type {Record<string, string | number>[]} */
const rows = [];
for (const data of values.data.split(',')) {
  /** @type {Record<'with' | 'without', number[]>[][]} */
  const bySeed = [];
  for (const seed of values.seeds.split(',').map(Number)) bySeed.push(await measure(data, seed));
  GIVEN.forEach((n, at) => {
    const all = (/** @type {'with' | 'without'} */ which) => bySeed.flatMap((figures) => figures[at][which]);
    const [withTerm, without] = [all('with'), all('without')];
    const [difference] = pairedBootstrap([withTerm.map((x, person) => x - without[person])]);
    const { mean: gain, low, high } = difference;
    rows.push({
      data,
      given: n,
      people: withTerm.length,
      without: mean(without),
      with: mean(withTerm),
      gain,
      low,
      high,
    });
  });
  if (!values.json) console.table(rows.filter((row) => row.data === data));
}
if (values.json) console.log(JSON.stringify(rows, null, 2));

/**
 * Lists of new people by the kernels (single precision) beside those by the reference engine (double precision, the definition), for every loss and both scores: the table of docs/decisions/063-fold-in-in-single-precision.md.
 * A tenth of the users, drawn by the seed, is held out whole, and a model is trained on the others. Each held-out person gives n items (at most all but five of them), is folded in by both engines, and gets a list of 20; NDCG@20 counts the
 * person's other items as relevant. ± is the standard error of the mean difference over people.
 *
 *     node bench/fold-in-quality.mjs [--data movielens-100k] [--losses bsl,sl,…] [--given 1,10,1000] [--epochs 30] [--seed 1] [--json]
 */
import { parseArgs } from 'node:util';
import { deviation, mean } from '../dist/experiment/statistics.js';
import { createModel, enableFusedMultiplyAdd, openRankingEngine, Recommender } from '../dist/index.js';
import { lossNames } from '../dist/loss/losses.js';
import { holdOutPeople, ndcgOfPerson } from './speed/held-out-people.mjs';
import { tableLines } from './speed/report.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'movielens-100k' },
    losses: { type: 'string', default: lossNames.join(',') },
    given: { type: 'string', default: '1,10,1000' },
    epochs: { type: 'string', default: '30' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
/** Items of a person that are left to find. */
const LEFT = 5;
enableFusedMultiplyAdd();

/** A loss that has no inner products is passed over. @param {{ code?: string, facts?: { option?: string } }} error */
function withoutScore(error) {
  if (error.code !== 'bad-option' || error.facts?.option !== 'score') throw error;
}

const heldOut = holdOutPeople(values.data, Number(values.seed));
/** @type {Record<string, string | number>[]} */
const rows = [];
for (const loss of values.losses.split(',')) {
  for (const score of /** @type {const} */ (['cosine', 'dot'])) {
    const options = { loss, score, epochs: Number(values.epochs), threads: 1, neighbors: 'off' };
    const trained = await heldOut.train({}, options).catch(withoutScore);
    if (!trained) continue;
    const { model, itemIds } = trained;
    const open = async (/** @type {'wasm' | 'reference'} */ engine) =>
      Recommender.fromModel(createModel(model), await openRankingEngine(model, { engine, threads: 1 }));
    const [kernels, reference] = [await open('wasm'), await open('reference')];
    const people = heldOut.people(itemIds, LEFT + 1);
    for (const most of values.given.split(',').map(Number)) {
      const [by, beside] = [kernels, reference].map((recommender) =>
        people.map((items) => ndcgOfPerson(recommender, items, Math.min(most, items.length - LEFT))),
      );
      const differences = by.map((x, person) => x - beside[person]);
      const level = mean(beside);
      rows.push({
        loss,
        score,
        given: most,
        people: people.length,
        reference: level,
        kernels: mean(by),
        'difference %': (100 * mean(differences)) / level,
        '± %': (100 * deviation(differences)) / Math.sqrt(people.length) / level,
      });
      console.error(JSON.stringify(rows.at(-1)));
    }
    await Promise.all([kernels.close(), reference.close(), trained.close()]);
  }
}
if (values.json) console.log(JSON.stringify(rows, null, 2));
else for (const line of tableLines(rows)) console.log(line);

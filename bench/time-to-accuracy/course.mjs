import { openEngine } from '../../dist/engine/open-engine.js';
import { evaluateSync } from '../../dist/evaluation/evaluator.js';
import { embeddingRanker } from '../../dist/evaluation/rankers.js';
import { SoftmaxLoss } from '../../dist/loss/sl.js';
import { optimizerDefaults } from '../../dist/optimizer/create-optimizer.js';
import { createSampler } from '../../dist/sampler/create-sampler.js';
import { initialEmbeddings } from '../../dist/training/engine-arrays.js';
import { Averages } from './averages.mjs';
import { LossSampler, RecordedLoss } from './loss-sampler.mjs';
import { DIMENSION, dataSets } from './settings.mjs';
import { averages, judged, variants } from './variants.mjs';

/** @typedef {import('../../dist/index.js').Dataset} Dataset */
/** @typedef {import('./records.mjs').Trial} Trial */
/** @typedef {import('./costs.mjs').Costs} Costs */

/**
 * Trains until the steps have cost `budget` seconds by `costs`, on one thread. Steps, and so results, do not depend on the load of the machine.
 * Returns NDCG@20 on the validation part (protocol `clean`) of the last weights and of each average, with the processor seconds that training really took.
 * @param {Dataset} data with a validation part
 * @param {Trial} trial
 * @param {Costs} costs
 */
export async function train(data, trial, costs) {
  const { train: interactions, valid } = data;
  if (!valid) throw new Error('no validation part');
  const { seed, budget, rate, lambda: negativeWeight = 1 } = trial;
  const variant = variants[trial.variant];
  const { tau, users: validated } = dataSets[trial.data];
  const phases = variant.phases(trial).map((phase) => ({ ...phase, cost: costs.of(trial.data, phase) }));
  const recorded = variant.sampling
    ? new RecordedLoss(new SoftmaxLoss({ tau, negativeWeight }), interactions.rows)
    : undefined;
  const samplers = phases.map(({ rows, negatives }) => {
    const options = { rows, negatives };
    return recorded
      ? new LossSampler(interactions, options, seed, recorded, variant.sampling === 'weighted')
      : createSampler(interactions, options, seed);
  });
  const most = (/** @type {'rows' | 'positives' | 'negativesPerRow' | 'masked'} */ key) =>
    Math.max(...samplers.map(({ capacity }) => capacity[key]));
  const plan = {
    users: interactions.rows,
    items: interactions.columns,
    dimension: DIMENSION,
    score: /** @type {const} */ ('cosine'),
    training: {
      loss: recorded ?? { name: 'sl', options: { tau, negativeWeight } },
      optimizer: { ...optimizerDefaults, decoupledWeightDecay: variant.weightDecay ?? 0 },
      capacity: {
        ...samplers[0].capacity,
        rows: most('rows'),
        positives: most('positives'),
        negativesPerRow: most('negativesPerRow'),
        masked: most('masked'),
      },
      stepsPerEpoch: Math.max(...samplers.map(({ stepsPerEpoch }) => stepsPerEpoch)),
      embeddingDropout: 0,
      seed,
    },
  };
  const engine = await openEngine(plan, { threads: 1 });
  try {
    initialEmbeddings(engine, seed, 0.1);
    const means = new Averages(engine, averages);
    const cpu = process.cpuUsage();
    let spent = 0;
    let step = 0;
    let epoch = 0;
    while (spent < budget) {
      const at = phases.findLastIndex(({ from }) => from <= spent / budget);
      const { cost } = phases[at];
      const sampler = samplers[at];
      sampler.startEpoch(epoch);
      engine.startEpoch(epoch, step);
      const before = spent;
      for (let s = 0; s < sampler.stepsPerEpoch && spent < budget; s++) {
        const batch = sampler.batch(s);
        engine.begin(batch, s);
        engine.gather();
        const loss = engine.scoreRows();
        if (!Number.isFinite(loss)) return { values: { last: 0 }, epochs: epoch, steps: step, seconds: 0 };
        engine.itemGradients();
        // The middle of the step, as `stepProgress` of training has it.
        engine.update(rate * variant.schedule(Math.min(1, (spent + cost / 2) / budget)));
        spent += cost;
        step++;
      }
      engine.settle();
      epoch++;
      means.take(spent / budget, (spent - before) / budget);
    }
    const { user, system } = process.cpuUsage(cpu);
    /** @type {Record<string, number>} */
    const values = {};
    for (const name of means.each(judged(trial))) {
      engine.itemsChanged();
      const { metrics } = evaluateSync(embeddingRanker(engine), {
        train: interactions,
        test: valid,
        protocol: 'clean',
        ks: [20],
        sample: { count: validated, seed },
      });
      values[name] = Number(metrics['ndcg@20'].toPrecision(5));
    }
    return { values, epochs: epoch, steps: step, seconds: Number(((user + system) / 1e6).toFixed(1)) };
  } finally {
    await engine.close();
  }
}

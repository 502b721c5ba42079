import { openEngine } from '../../dist/extend.js';
import { defaultScore } from '../../dist/loss/losses.js';
import { optimizerDefaults } from '../../dist/optimizer/create-optimizer.js';
import { createSampler } from '../../dist/sampler/create-sampler.js';
import { initialEmbeddings } from '../../dist/training/engine-arrays.js';
import { sink } from './timing.mjs';

/** The parts of a step's time; they add up to the whole. */
export const parts = /** @type {const} */ ([
  'sampling',
  'bookkeeping',
  'gather',
  'scores',
  'loss',
  'user gradients',
  'item gradients',
  'optimiser',
  'waiting',
  'other',
]);

/** @typedef {Record<(typeof parts)[number], number>} Parts Seconds. */
/** @typedef {import('../../dist/extend.js').Engine} Engine */
/** @typedef {import('../../dist/sampler/sampler.js').Sampler} Sampler */

const dimension = 64;
const softmaxLoss = { name: 'sl', options: { tau: 0.1 } };

/**
 * Times training steps (Adam; by default the softmax loss at τ .1) one by one, sampling included, and sums their parts on the coordinating thread.
 * @param {import('../../dist/index.js').Csr} train
 * @param {Partial<import('../../dist/sampler/sampler-options.js').SamplerOptions>} sampling
 * @param {{ threads: number, seed: number, steps: number, warmup: number, loss?: import('../../dist/extend.js').LossSource }} options
 */
export async function measureStep(train, sampling, { threads, seed, steps, warmup, loss = softmaxLoss }) {
  const sampler = createSampler(train, sampling, seed);
  const engine = await openTraining(train, sampler, threads, seed, loss);
  initialEmbeddings(engine, seed, 0.1);
  const total = /** @type {Parts} */ (Object.fromEntries(parts.map((part) => [part, 0])));
  /** @type {number[]} */
  const seconds = [];
  let flop = 0;
  for (let step = 0; step < warmup + steps; step++) {
    const at = step % sampler.stepsPerEpoch;
    if (at === 0) {
      if (step > 0) engine.settle();
      sampler.startEpoch(step / sampler.stepsPerEpoch);
      engine.startEpoch(step / sampler.stepsPerEpoch, step);
    }
    const timed = timedStep(engine, sampler, at);
    if (step < warmup) continue;
    seconds.push(timed.seconds);
    flop += timed.flop / steps;
    for (const part of parts) total[part] += timed.parts[part];
  }
  const { build } = engine;
  const { fused } = engine.stats();
  await engine.close();
  return { build: /** @type {import('./measure-kernel.mjs').Build} */ (build), fused, seconds, parts: total, flop };
}

/**
 * @param {import('../../dist/index.js').Csr} train
 * @param {Sampler} sampler
 * @param {number} threads
 * @param {number} seed
 * @param {import('../../dist/extend.js').LossSource} loss
 */
function openTraining(train, sampler, threads, seed, loss) {
  const { capacity, stepsPerEpoch } = sampler;
  const training = {
    loss,
    optimizer: optimizerDefaults,
    capacity,
    stepsPerEpoch,
    embeddingDropout: 0,
    seed,
  };
  return openEngine(
    { users: train.rows, items: train.columns, dimension, score: defaultScore(loss), training },
    { threads },
  );
}

/**
 * Times one step. The engine's times include waiting for other threads; it is subtracted from them, so that the parts add up to the whole.
 * @param {Engine} engine
 * @param {Sampler} sampler
 * @param {number} step
 */
function timedStep(engine, sampler, step) {
  const stats = [engine.stats()];
  const clock = [performance.now()];
  const lap = () => {
    clock.push(performance.now());
    stats.push(engine.stats());
  };
  const batch = sampler.batch(step);
  lap();
  engine.begin(batch, step);
  engine.gather();
  lap();
  sink(engine.scoreRows());
  lap();
  engine.itemGradients();
  lap();
  engine.update(1e-3);
  lap();
  /** @param {number} verb */
  const wall = (verb) => (clock[verb + 1] - clock[verb]) / 1000;
  /** @param {number} verb @param {Exclude<keyof import('../../dist/engine/engine.js').EngineStats, 'fused'>} name */
  const spent = (verb, name) => stats[verb + 1][name] - stats[verb][name];
  /** @type {Parts} */
  const own = {
    sampling: wall(0),
    bookkeeping: spent(1, 'bookkeeping'),
    gather: wall(1) - spent(1, 'bookkeeping') - spent(1, 'waiting'),
    scores: spent(2, 'scores'),
    loss: spent(2, 'loss'),
    'user gradients': spent(2, 'userGradients'),
    'item gradients': wall(3) - spent(3, 'waiting'),
    optimiser: wall(4) - spent(4, 'waiting'),
    waiting: stats[5].waiting - stats[0].waiting,
    other: 0,
  };
  const seconds = (clock[5] - clock[0]) / 1000;
  own.other = seconds - parts.reduce((sum, part) => sum + own[part], 0);
  // three products, 2 flop per multiply-add: 6 · d for each score of a row and an item
  const entries = batch.users.length * batch.negativesPerRow + batch.positives.length;
  return { seconds, parts: own, flop: 6 * entries * dimension };
}

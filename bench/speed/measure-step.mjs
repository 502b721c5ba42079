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
  let began = process.cpuUsage();
  /** @type {import('../../dist/extend.js').Batch | undefined} */
  let batch;
  for (let step = 0; step < warmup + steps; step++) {
    const at = step % sampler.stepsPerEpoch;
    if (at === 0) {
      if (step > 0) engine.settle();
      sampler.startEpoch(step / sampler.stepsPerEpoch);
      engine.startEpoch(step / sampler.stepsPerEpoch, step);
    }
    batch ??= sampler.batch(at);
    const last = at + 1 === sampler.stepsPerEpoch;
    const timed = timedStep(engine, batch, at, () => (last ? undefined : sampler.batch(at + 1)));
    batch = timed.next;
    if (step === warmup - 1) began = process.cpuUsage();
    if (step < warmup) continue;
    seconds.push(timed.seconds);
    flop += timed.flop / steps;
    for (const part of parts) total[part] += timed.parts[part];
  }
  const { user, system } = process.cpuUsage(began);
  const { build } = engine;
  const { fused } = engine.stats();
  await engine.close();
  return {
    build: /** @type {import('./measure-kernel.mjs').Build} */ (build),
    fused,
    seconds,
    processorSeconds: (user + system) / 1e6 / steps,
    parts: total,
    flop,
  };
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
 * Times one step. The next batch is drawn while the other threads update, as in training. The engine's times include waiting for other threads; it is subtracted from
 * them, so that the parts add up to the whole.
 * @param {Engine} engine
 * @param {import('../../dist/extend.js').Batch} batch
 * @param {number} step
 * @param {() => import('../../dist/extend.js').Batch | undefined} drawNext
 */
function timedStep(engine, batch, step, drawNext) {
  const stats = [engine.stats()];
  const clock = [performance.now()];
  const lap = () => {
    clock.push(performance.now());
    stats.push(engine.stats());
  };
  engine.begin(batch, step);
  engine.gather();
  lap();
  sink(engine.scoreRows());
  lap();
  engine.itemGradients();
  lap();
  const entries = batch.users.length * batch.negativesPerRow + batch.positives.length;
  let drawing = 0;
  let next;
  engine.update(1e-3, () => {
    const began = performance.now();
    next = drawNext();
    drawing = (performance.now() - began) / 1000;
  });
  lap();
  /** @param {number} verb */
  const wall = (verb) => (clock[verb + 1] - clock[verb]) / 1000;
  /** @param {number} verb @param {Exclude<keyof import('../../dist/engine/engine.js').EngineStats, 'fused'>} name */
  const spent = (verb, name) => stats[verb + 1][name] - stats[verb][name];
  /** @type {Parts} */
  const own = {
    sampling: drawing,
    bookkeeping: spent(0, 'bookkeeping'),
    gather: wall(0) - spent(0, 'bookkeeping') - spent(0, 'waiting'),
    scores: spent(1, 'scores'),
    loss: spent(1, 'loss'),
    'user gradients': spent(1, 'userGradients'),
    'item gradients': wall(2) - spent(2, 'waiting'),
    optimiser: wall(3) - spent(3, 'waiting') - drawing,
    waiting: stats[4].waiting - stats[0].waiting,
    other: 0,
  };
  const seconds = (clock[4] - clock[0]) / 1000;
  own.other = seconds - parts.reduce((sum, part) => sum + own[part], 0);
  // three products, 2 flop per multiply-add: 6 · d for each score of a row and an item
  return { next, seconds, parts: own, flop: 6 * entries * dimension };
}

import { availableParallelism } from 'node:os';
import { gowallaSized } from './data.mjs';
import { productCases } from './kernel-cases.mjs';
import { measureKernel } from './measure-kernel.mjs';
import { measureStep, parts } from './measure-step.mjs';
import { median } from './timing.mjs';

/** The batches that are timed. @type {Record<string, Partial<import('../../dist/sampler/sampler-options.js').SamplerOptions>>} */
const batches = {
  '256 users × 2048 shared negatives': { rows: 256, negatives: 2048 },
  '64 users × all items': { rows: 64, negatives: 'all' },
  '1024 pairs × 800 own negatives': { batch: 'pair', rows: 1024, negatives: 800 },
};

/**
 * A training step on gowalla: its parts, and its rate compared with that of the product kernel alone.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function run({ quick, seed }) {
  const data = await gowallaSized(seed);
  const threadCounts = availableParallelism() > 1 ? [1, 2] : [1];
  /** @type {import('./report.mjs').Row[]} */
  const speeds = [];
  /** @type {import('./report.mjs').Row[]} */
  const shares = [];
  for (const threads of threadCounts) {
    for (const [name, sampling] of Object.entries(batches)) {
      // An epoch first: a row of the tables that no step has touched takes new memory from the system.
      const effort = { steps: quick ? 20 : 100, warmup: 120 };
      const step = await measureStep(data.train, sampling, { threads, seed, ...effort });
      const kernel = await productRate(step.build, threads, seed, quick);
      const rate = step.flop / median(step.seconds);
      const all = step.seconds.reduce((sum, seconds) => sum + seconds, 0);
      const share = (/** @type {number} */ seconds) => (100 * seconds) / all;
      speeds.push({
        batch: name,
        threads,
        build: step.build,
        'ms median': 1000 * median(step.seconds),
        'ms min': 1000 * Math.min(...step.seconds),
        'ms of processor time': 1000 * step.processorSeconds,
        'steps/s': 1 / median(step.seconds),
        'GFLOP/s': rate / 1e9,
        'kernel GFLOP/s': kernel / 1e9,
        'step / kernel': rate / kernel,
        'sampling + bookkeeping %': share(step.parts.sampling + step.parts.bookkeeping),
      });
      shares.push({
        batch: name,
        threads,
        ...Object.fromEntries(parts.map((part) => [part, share(step.parts[part])])),
      });
    }
  }
  return [
    {
      title: `training step, softmax loss, d 64, Adam, on ${data.source}`,
      rows: speeds,
      notes: [
        'GFLOP/s: the three products of scores, user gradients and item gradients (2 flop per multiply-add), divided by the whole step, sampling included.',
        'kernel GFLOP/s: the same products alone, with the same build and threads, measured right after the step. Sampling + bookkeeping must stay under 15%.',
      ],
    },
    {
      title: 'parts of a step, % of its time on the coordinating thread (waiting for other threads is a separate part)',
      rows: shares,
    },
  ];
}

/**
 * The rate of the three products of a step together, in flop per second: the mean of their times per flop, inverted.
 * @param {import('./measure-kernel.mjs').Build} build
 * @param {number} threads
 * @param {number} seed
 * @param {boolean} quick
 */
async function productRate(build, threads, seed, quick) {
  let secondsPerFlop = 0;
  for (const name of productCases) {
    const { median: rate } = await measureKernel(name, { build, threads, seed, rounds: quick ? 5 : 20, warmup: 2 });
    secondsPerFlop += 1 / rate / productCases.length;
  }
  return 1 / secondsPerFlop;
}

/**
 * Times taurec's pair-batch step: 1,024 pairs with 800 uniform negatives each, d = 64, cosine, softmax loss (τ .1), Adam, over tables of gowalla's size.
 * Prints one JSON line. Options: --engine (wasm), --build (auto: fused multiply-add if the machine supports it; simd), --threads (2), --steps (30), --warmup (5), --seed (1). Run `npm run build` first.
 */
import { parseArgs } from 'node:util';
import { csrFromEntries } from '../dist/array/csr.js';
import { randomStream } from '../dist/array/random.js';
import { enableFusedMultiplyAdd, openEngine } from '../dist/engine/open-engine.js';
import { optimizerDefaults } from '../dist/optimizer/create-optimizer.js';
import { createSampler } from '../dist/sampler/create-sampler.js';

// the size of gowalla's training part; times depend on the sizes, not on which pairs are in it
const users = 29_858;
const items = 40_988;
const interactions = 810_128;

/**
 * @param {{ engine: 'wasm' | 'reference', build: 'auto' | 'simd', threads: number, steps: number, warmup: number, seed: number }} options
 */
export async function timePairSteps({ engine: engineName, build, threads, steps, warmup, seed }) {
  const random = randomStream(seed, 'bench');
  const draw = (/** @type {number} */ bound) => Int32Array.from({ length: interactions }, () => random.integer(bound));
  const train = csrFromEntries(users, items, draw(users), draw(items));
  const sampler = createSampler(train, { batch: 'pair', rows: 1024, negatives: 800 }, seed);
  const plan = {
    users,
    items,
    dimension: 64,
    score: /** @type {const} */ ('cosine'),
    training: {
      loss: { name: 'sl', options: { tau: 0.1 } },
      optimizer: optimizerDefaults,
      capacity: sampler.capacity,
      stepsPerEpoch: sampler.stepsPerEpoch,
      embeddingDropout: 0,
      seed,
    },
  };
  if (build === 'auto') enableFusedMultiplyAdd();
  const engine = await openEngine(plan, { engine: engineName, threads, build });
  for (const table of [engine.users, engine.items]) {
    for (let k = 0; k < table.data.length; k++) table.data[k] = 0.1 * random.normal();
  }

  sampler.startEpoch(0);
  engine.startEpoch(0, 0);
  /** @type {number[]} */
  const sampling = [];
  /** @type {number[]} */
  const stepping = [];
  let value = 0;
  for (let step = 0; step < warmup + steps; step++) {
    if (step === warmup) engine.resetStats();
    const begin = performance.now();
    const batch = sampler.batch(step);
    const sampled = performance.now();
    engine.begin(batch, step);
    engine.gather();
    value = engine.scoreRows();
    engine.itemGradients();
    engine.update(1e-3);
    const end = performance.now();
    if (step < warmup) continue;
    sampling.push(sampled - begin);
    stepping.push(end - sampled);
  }
  const both = stepping.map((ms, step) => ms + sampling[step]);
  const result = {
    program: 'taurec',
    engine: engine.name,
    build: engine.build,
    threads: engine.threads,
    steps,
    msMedian: median(stepping),
    msMin: Math.min(...stepping),
    msWithSamplingMedian: median(both),
    msWithSamplingMin: Math.min(...both),
    lastValue: value,
    seconds: engine.stats(),
  };
  await engine.close();
  return result;
}

/** @param {number[]} values */
function median(values) {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({
    options: {
      engine: { type: 'string', default: 'wasm' },
      build: { type: 'string', default: 'auto' },
      threads: { type: 'string', default: '2' },
      steps: { type: 'string', default: '30' },
      warmup: { type: 'string', default: '5' },
      seed: { type: 'string', default: '1' },
    },
  });
  const result = await timePairSteps({
    engine: /** @type {'wasm' | 'reference'} */ (values.engine),
    build: /** @type {'auto' | 'simd'} */ (values.build),
    threads: Number(values.threads),
    steps: Number(values.steps),
    warmup: Number(values.warmup),
    seed: Number(values.seed),
  });
  console.log(JSON.stringify(result));
}

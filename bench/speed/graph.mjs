import { availableParallelism } from 'node:os';
import { createBackbone, openEngine } from '../../dist/extend.js';
import { optimizerDefaults } from '../../dist/optimizer/create-optimizer.js';
import { createSampler } from '../../dist/sampler/create-sampler.js';
import { initialEmbeddings } from '../../dist/training/engine-arrays.js';
import { trainStep } from '../../dist/training/train-step.js';
import { gowallaSized } from './data.mjs';
import { median, sink } from './timing.mjs';

/** @typedef {import('../../dist/index.js').Csr} Csr */
/** @typedef {import('../../dist/extend.js').Engine} Engine */

const d = 64;
const rowBytes = d * 4;
const half = { left: 0.5, right: 0.5 };

/**
 * The node operations of LightGCN one by one, and whole training steps with 1, 2 and 3 layers.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function run({ quick, seed }) {
  const { train, source } = await gowallaSized(seed);
  const threadCounts = availableParallelism() > 1 ? [1, 2] : [1];
  const rounds = quick ? 5 : 30;
  /** @type {import('./report.mjs').Row[]} */
  const operations = [];
  for (const threads of threadCounts) operations.push(...(await timeOperations(train, threads, seed, rounds)));
  /** @type {import('./report.mjs').Row[]} */
  const steps = [];
  for (const rows of [256, 1024, 4096]) {
    for (const layers of [1, 2, 3]) {
      steps.push(await timeSteps(train, layers, rows, { threads: Math.max(...threadCounts), seed, rounds }));
    }
  }
  return [
    {
      title: `node operations, d ${d}, on ${source}`,
      rows: operations,
      notes: [
        'GB/s: for propagate, one source row per edge and direction plus the rows written; for dense Adam, the gradient rows read plus the rows of embeddings and two moments read and written. By the median round.',
        'touched: rows of a batch of 1,024 users and 2,048 negatives. The rate counts only the edges to or from them.',
      ],
    },
    { title: `LightGCN step, softmax loss, d ${d}, Adam, 2,048 negatives, on ${source}`, rows: steps },
  ];
}

/**
 * An engine with LightGCN and a sampler, at the start of an epoch.
 * @param {Csr} train
 * @param {number} layers
 * @param {number} rows
 * @param {number} threads
 * @param {number} seed
 */
async function openLightGcn(train, layers, rows, threads, seed) {
  const sampler = createSampler(train, { rows, negatives: 2048 }, seed);
  const backbone = createBackbone({ name: 'lightgcn', options: { layers } });
  const loss = { name: 'sl', options: { tau: 0.1 } };
  const { capacity, stepsPerEpoch } = sampler;
  const training = { loss, optimizer: optimizerDefaults, capacity, stepsPerEpoch, embeddingDropout: 0, seed };
  const plan = { users: train.rows, items: train.columns, dimension: d, score: /** @type {const} */ ('cosine') };
  const engine = await openEngine({ ...plan, training, backbone: backbone.plan(d, train) }, { threads });
  initialEmbeddings(engine, seed, 0.1);
  sampler.startEpoch(0);
  engine.startEpoch(0, 0);
  return { engine, backbone, sampler };
}

/**
 * @param {Csr} train
 * @param {number} threads
 * @param {number} seed
 * @param {number} rounds
 */
async function timeOperations(train, threads, seed, rounds) {
  const { engine, sampler } = await openLightGcn(train, 3, 1024, threads, seed);
  const nodes = /** @type {import('../../dist/extend.js').NodeOperations} */ (engine.nodes);
  const [x, y] = [nodes.table('odd'), nodes.table('even')];
  nodes.combine(nodes.base, x);
  const batch = sampler.batch(0);
  engine.begin(batch, 0);
  const users = new Set(batch.users);
  const items = new Set([...batch.positives, ...batch.negatives]);
  const touched = users.size + items.size;
  const all = train.rows + train.columns;
  // edges that end at a touched node, counted by direction
  let entries = 0;
  for (let u = 0; u < train.rows; u++) {
    for (let e = train.offsets[u]; e < train.offsets[u + 1]; e++) {
      entries += (users.has(u) ? 1 : 0) + (items.has(train.indices[e]) ? 1 : 0);
    }
  }
  // each interaction is an edge in both directions, and each edge one row read
  const edges = 2 * train.indices.length;
  let steps = 0;
  /** @type {[name: string, rowsMoved: number, work: () => void][]} */
  const cases = [
    ['propagate', edges + all, () => nodes.propagate(x, y, half)],
    ['propagate, plus', edges + 2 * all, () => nodes.propagate(x, y, { ...half, plus: nodes.base })],
    ['propagate to touched', entries + touched, () => nodes.propagate(x, y, { ...half, targets: 'touched' })],
    ['propagate from touched', entries + all, () => nodes.propagate(x, y, { ...half, sources: 'touched' })],
    // 7 rows per node: the gradient read; embedding, m and v read and written. The tables of an epoch hold only its own steps, so it restarts when they end
    ['dense Adam', 7 * all, () => {
      if (steps++ % sampler.stepsPerEpoch === 0) engine.startEpoch(0, 0);
      engine.update(1e-3);
    }],
  ]; // biome-ignore format: a table of cases
  const rows = cases.map(([operation, moved, work]) => {
    const seconds = timed(work, rounds);
    const rate = (/** @type {number} */ time) => (moved * rowBytes) / time / 1e9;
    const [typical, best] = [median(seconds), Math.min(...seconds)];
    return { operation, threads, ms: 1000 * typical, 'ms min': 1000 * best, 'GB/s': rate(typical), best: rate(best) };
  });
  sink(y.data[0]);
  await engine.close();
  return rows;
}

/**
 * @param {Csr} train
 * @param {number} layers
 * @param {number} rows Users a batch.
 * @param {{ threads: number, seed: number, rounds: number }} options
 */
async function timeSteps(train, layers, rows, { threads, seed, rounds }) {
  const { engine, backbone, sampler } = await openLightGcn(train, layers, rows, threads, seed);
  let done = 0;
  const seconds = timed(() => {
    const step = done++ % sampler.stepsPerEpoch;
    if (step === 0) engine.startEpoch(0, 0);
    const context = { training: true, rows: /** @type {const} */ ('touched'), seed, epoch: 0, step };
    sink(trainStep(engine, backbone, sampler.batch(step), context, 1e-3));
  }, rounds);
  const { nodes, optimizer, steps } = engine.stats();
  await engine.close();
  const typical = median(seconds);
  return {
    layers,
    'users a batch': rows,
    threads,
    'ms median': 1000 * typical,
    'ms min': 1000 * Math.min(...seconds),
    'graph ms': (1000 * nodes) / steps,
    'Adam ms': (1000 * optimizer) / steps,
    'epoch s': typical * sampler.stepsPerEpoch,
  };
}

/** Seconds of each round, after two rounds of warm-up. @param {() => void} work @param {number} rounds */
function timed(work, rounds) {
  const seconds = [];
  for (let round = -2; round < rounds; round++) {
    const started = performance.now();
    work();
    if (round >= 0) seconds.push((performance.now() - started) / 1000);
  }
  return seconds;
}

/** Runs one recipe with one seed in a process of its own, so that the peak memory is this run's, and prints one JSON line: `node run-recipe.mjs NAME SEED [THREADS]`. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  embeddingRanker,
  enableFusedMultiplyAdd,
  evaluate,
  loadDataset,
  openRankingEngine,
  train,
  trainedItems,
  trainedModel,
} from '../../dist/index.js';
import { peakBytes } from '../speed/peak.mjs';
import { recipes } from './recipes.mjs';

/**
 * What one run gave.
 * @typedef {object} RecipeRun
 * @property {number} seed
 * @property {Partial<Record<'clean' | 'irbench', Record<string, number>>>} metrics
 * @property {{ read: number, train: number, evaluate: number }} seconds `train` with its validation.
 * @property {number} epochs The epoch taken.
 * @property {number} peakBytes Peak resident memory of the process.
 * @property {import('../../dist/index.js').TrainResult['engine']} engine
 */

const [name, seedText, threadsText] = process.argv.slice(2);
const recipe = recipes.find((known) => known.name === name);
if (!recipe) throw new Error(`no recipe "${name}"`);
console.log(JSON.stringify(await run(recipe, Number(seedText), threadsText ? Number(threadsText) : undefined)));

/**
 * @param {import('./recipes.mjs').Recipe} recipe
 * @param {number} seed
 * @param {number} [threads]
 * @returns {Promise<RecipeRun>}
 */
async function run(recipe, seed, threads) {
  enableFusedMultiplyAdd();
  const folder = join(process.env.TAUREC_DATA ?? join(import.meta.dirname, '../../../shared/data'), recipe.data);
  const started = performance.now();
  const held = {
    all: {},
    '10% validation': { validRatio: 0.1 },
    '10% debiased': { validRatio: 0.1, validSplit: /** @type {const} */ ('debiased') },
  }[recipe.split];
  const data = await loadDataset({ train: fileOf(folder, 'train'), test: fileOf(folder, 'test'), ...held, seed });
  if (!data.test) throw new Error(`${folder} has no test part`);
  const read = performance.now();
  const result = await train(data, { ...recipe.config, seed, threads });
  const trained = performance.now();
  const model = trainedModel(data, result);
  const engine = await openRankingEngine(model, { threads });
  /** @type {RecipeRun['metrics']} */
  const metrics = {};
  for (const protocol of /** @type {('clean' | 'irbench')[]} */ (Object.keys(recipe.expected))) {
    // After a refit validation items are trained on like any other.
    const parts = { train: trainedItems(model), valid: result.refitted ? undefined : data.valid, test: data.test };
    metrics[protocol] = { ...evaluate(embeddingRanker(engine, model.itemBias), { ...parts, protocol }).metrics };
  }
  await engine.close();
  return {
    seed,
    metrics,
    seconds: {
      read: (read - started) / 1000,
      train: (trained - read) / 1000,
      evaluate: (performance.now() - trained) / 1000,
    },
    epochs: result.epoch,
    peakBytes: peakBytes(),
    engine: result.engine,
  };
}

/**
 * @param {string} folder
 * @param {'train' | 'test'} part
 */
function fileOf(folder, part) {
  const name = readdirSync(folder).find((file) => file.startsWith(`${part}.`));
  if (!name) throw new Error(`${folder} holds no file ${part}.*`);
  return join(folder, name);
}

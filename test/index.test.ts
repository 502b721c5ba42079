import { expect, test } from 'vitest';
import * as extend from '../src/extend.ts';
import * as taurec from '../src/index.ts';
import * as lab from '../src/lab.ts';
import * as server from '../src/server/serve.ts';
import { loadedBy } from './support/loaded-modules.ts';

/** What programs may rely on: a name that goes or comes is a change for the changelog. */
const names = {
  taurec: [
    // data
    ...['IdMap', 'columnOptionsFor', 'loadDataset', 'previewTable', 'readCatalogue', 'readInteractions', 'readTitles'],
    ...['syntheticDataset', 'syntheticShop'],
    // training
    ...['backboneNames', 'defineConfig', 'enableFusedMultiplyAdd', 'lossNames', 'nightlyUpdate', 'train'],
    ...['TrainingPace', 'updateModel'],
    // models
    ...[
      'Recommender',
      'buildIndex',
      'buildNeighbors',
      'createModel',
      'exportEmbeddings',
      'exportRecommendations',
      'importEmbeddings',
    ],
    ...['listVersions', 'makeCurrent', 'openModel', 'openRankingEngine', 'publishModel', 'replaceCatalogue'],
    ...['rollBack', 'saveModel'],
    // evaluation
    ...['easeRanker', 'embeddingRanker', 'evaluate', 'evaluateSync', 'itemKnnRanker', 'modelRanker'],
    ...['popularRanker', 'randomRanker', 'slimRanker'],
    // feedback, analytics, errors
    ...['listId', 'openAnalytics', 'openFeedback', 'TaurecError', 'Trends', 'variantOf'],
  ],
  'taurec/extend': [
    // matrices
    ...['csrDegree', 'csrFromEntries', 'csrHas', 'csrRow', 'csrTranspose', 'matrix', 'row'],
    // losses, backbones, metrics, engines
    ...['createBackbone', 'createLoss', 'loadBackbone', 'loadLoss', 'loadMetric', 'loadSampler', 'logExpectationExp'],
    'openEngine',
    // data
    ...['addPositiveNoise', 'describe', 'holdBackFalseNegatives', 'kCore', 'negativeNoise', 'recencyWeights', 'split'],
    ...['splitMethods', 'toCsr'],
    // evaluation
    ...['popularityBias', 'popularityGroups', 'protocols', 'reRankedRanker', 'scoreRanker', 'trainedItems'],
  ],
  'taurec/lab': [
    // trainings
    ...[
      'commandLineOf',
      'configToJson',
      'parseTrainConfig',
      'trainConfigJsonSchema',
      'trainEmbeddings',
      'trainedModel',
    ],
    // comparisons
    ...['compareResults', 'compareRuns', 'compareUsers', 'holm', 'pairedBootstrap', 'pairedTTest'],
    ...['armOf', 'ratioArm', 'sequentialTest'],
    ...['readResult', 'resultOf', 'writeResult'],
    // experiments and recipes
    ...['LocalLab', 'analyseScores', 'defineExperiment', 'experimentNamed', 'experiments', 'predictTau'],
    ...['publishedResults', 'recipes', 'runExperiment', 'runRecipe', 'tableCsv', 'writeReport'],
    // tuning
    ...['runListWorker', 'runWorker', 'trainWinner', 'tune', 'tuningReport'],
    // files
    ...['embeddingFormats', 'openSafetensors', 'writeSafetensors'],
  ],
  'taurec/server': ['serve', 'signUserToken'],
} as const;

const entries = { taurec, 'taurec/extend': extend, 'taurec/lab': lab, 'taurec/server': server };

test.each(Object.keys(names) as (keyof typeof names)[])('the names of %s', (entry) => {
  expect(Object.keys(entries[entry]).sort()).toEqual([...names[entry]].sort());
});

test('each name is of one entry', () => {
  const all = Object.values(names).flat();
  expect(all).toEqual([...new Set(all)]);
});

test('the package exports the entries under its own name', async () => {
  expect(await import('taurec')).toHaveProperty('Recommender', taurec.Recommender);
  expect(await import('taurec/extend')).toHaveProperty('csrRow', extend.csrRow);
  expect(await import('taurec/lab')).toHaveProperty('runRecipe', lab.runRecipe);
  expect(await import('taurec/server')).toHaveProperty('serve', server.serve);
});

/** Packages that an entry loads when it is imported; `taurec` loads what its synchronous functions need, and nothing else. */
const packages = {
  taurec: ['pure-rand', 'zod'],
  'taurec/extend': ['pure-rand', 'zod'],
} as const;

const inMemory = ['feedback/list-id', 'feedback/newest-events', 'feedback/trends'];

test.each(Object.keys(packages) as (keyof typeof packages)[])('importing %s loads no more than it must', (entry) => {
  const loaded = loadedBy(`await import('${entry}')`);
  expect(loaded.packages).toEqual(packages[entry]);
  for (const room of ['cli', 'experiment', 'feedback', 'exchange', 'recipe', 'report', 'server']) {
    // Trends and ids of lists are computed in memory: no database comes with them.
    const own = loaded.files.filter((file) => file.startsWith(`${room}/`) && !inMemory.includes(file));
    expect(own).toEqual([]);
  }
  for (const part of [
    'data/database/',
    'data/formats/',
    'engine/wasm/',
    'queue/',
    'tuning/queue/',
    'training/thread/',
  ]) {
    expect(loaded.files.filter((file) => file.startsWith(part))).toEqual([]);
  }
});

test('neither servers, queues nor databases are loaded for a training', () => {
  const { packages, files } = loadedBy(`
    const { syntheticDataset, train } = await import('taurec');
    const data = syntheticDataset({ users: 30, items: 20, interactions: 200 });
    const model = await train(data, { dimension: 4, epochs: 1, threads: 1 });
    if (model.recommend('3', { k: 2 }).length !== 2) throw new Error('no list');
    await model.close();`);
  expect(packages).toEqual(['pure-rand', 'zod']);
  expect(files.filter((file) => /^(cli|server|report|tuning\/(?!define-config)|data\/database)/.test(file))).toEqual(
    [],
  );
});

test('a function that is loaded on demand fails by its own error, and keeps the stack', async () => {
  const error = await taurec.loadDataset({ train: 'nowhere.csv' }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'file-not-found' });
  expect((error as Error).stack).toMatch(/read(\.ts|\.js|-)/);
});

import { expect, test } from 'vitest';
import * as taurec from '../src/index.ts';

/** What programs may rely on: a name that goes or comes is a change for the changelog. */
const names = [
  // data
  ...['IdMap', 'describe', 'kCore', 'loadDataset', 'readInteractions', 'readTitles', 'recencyWeights', 'split'],
  ...['splitMethods', 'syntheticDataset', 'toCsr'],
  ...['addPositiveNoise', 'holdBackFalseNegatives', 'negativeNoise'],
  // matrices
  ...['csrDegree', 'csrFromEntries', 'csrHas', 'csrRow', 'csrTranspose', 'matrix', 'row'],
  // losses
  ...['createLoss', 'loadLoss', 'logExpectationExp', 'lossNames'],
  // backbones
  ...['backboneNames', 'createBackbone', 'loadBackbone'],
  // training
  ...['configToJson', 'defineConfig', 'parseTrainConfig', 'popularityBias', 'trainEmbeddings', 'trainedModel', 'updateModel'],
  // engines
  ...['enableFusedMultiplyAdd', 'openEngine', 'openRankingEngine'],
  // models
  ...['Recommender', 'buildIndex', 'createModel', 'exportRecommendations', 'openModel', 'openSafetensors'],
  ...['reRankedRanker', 'saveModel', 'embeddingFormats', 'exportEmbeddings', 'importEmbeddings', 'trainedItems'],
  ...['writeSafetensors'],
  // evaluation
  ...[
    'compareResults',
    'compareUsers',
    'embeddingRanker',
    'evaluate',
    'evaluateAsync',
    'itemKnnRanker',
    'loadMetric',
    'pairedBootstrap',
    'pairedTTest',
  ],
  ...['popularRanker', 'popularityGroups', 'protocols', 'randomRanker', 'readResult', 'resultOf', 'scoreRanker'],
  'writeResult',
  // experiments
  ...['analyseScores', 'compareRuns', 'holm', 'predictTau'],
  ...['LocalLab', 'defineExperiment', 'experimentNamed', 'experiments', 'runExperiment', 'tableCsv', 'writeReport'],
  ...['publishedResults', 'recipes', 'runRecipe'],
  // feedback
  'openFeedback',
  // tuning
  ...['runWorker', 'trainWinner', 'tune', 'tuningReport'],
  // errors
  'TaurecError',
];

test('the public names', () => {
  expect(Object.keys(taurec).sort()).toEqual([...names].sort());
});

test('the package exports them under its own name', async () => {
  expect(await import('taurec')).toHaveProperty('Recommender', taurec.Recommender);
});

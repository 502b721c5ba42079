import { describe, expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { lossNames } from '../../src/loss/losses.ts';
import { parseSpace, type Space } from '../../src/search/space.ts';
import { randomPoint, searches } from '../../src/search/space-searches.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import { objectiveByData } from '../../src/training/default-objective.ts';
import { checkSpace, configAt } from '../../src/tuning/config-at.ts';
import { defaultSpace } from '../../src/tuning/default-space.ts';
import { parseTuneSettings } from '../../src/tuning/tune-settings.ts';
import { errorOf, rejectionOf } from '../support/error-of.ts';

describe('a wrong space is refused, naming where', () => {
  test.each<[unknown, string]>([
    [{}, 'tune.space'],
    [[], 'tune.space'],
    [{ 'loss.tau': 0.1 }, 'tune.space.loss.tau'],
    [{ 'loss.tau': { uniform: [0, 1], choice: [1] } }, 'tune.space.loss.tau'],
    [{ 'loss.tau': { between: [0, 1] } }, 'tune.space.loss.tau'],
    [{ 'loss.tau': { uniform: [1, 0] } }, 'tune.space.loss.tau.uniform'],
    [{ 'loss.tau': { uniform: [0, Infinity] } }, 'tune.space.loss.tau.uniform'],
    [{ 'loss.tau': { logUniform: [0, 1] } }, 'tune.space.loss.tau.logUniform'],
    [{ epochs: { integer: [1, 2.5] } }, 'tune.space.epochs.integer'],
    [{ epochs: { integer: [1, 5], points: 0 } }, 'tune.space.epochs.points'],
    [{ epochs: { integer: [1, 5], start: 9 } }, 'tune.space.epochs.start'],
    [{ epochs: { integer: [1, 5], step: 2 } }, 'tune.space.epochs'],
    [{ 'batch.pool': { choice: [] } }, 'tune.space.batch.pool.choice'],
    [{ 'batch.pool': { choice: ['all', 'all'] } }, 'tune.space.batch.pool.choice'],
  ])('%j', (space, option) => {
    expect(errorOf(() => parseSpace(space))).toMatchObject({ code: 'bad-option', facts: { option } });
  });
});

describe('training must have the options', () => {
  const unit = { uniform: [0.1, 1] } as const;
  test.each<[Space, string, RegExp, TrainConfigInput?]>([
    [{ 'loss.tua': unit }, 'tune.space.loss.tua', /Did you mean tau\?/, { loss: 'sl' }],
    [{ learnigRate: unit }, 'tune.space.learnigRate', /Did you mean learningRate\?/],
    [{ 'batch.negative': unit }, 'tune.space.batch.negative', /Did you mean negatives\?/],
    [{ 'bach.rows': unit }, 'tune.space.bach.rows', /Did you mean batch\?/],
    [{ embeddingDropout: { uniform: [0, 1] } }, 'tune.space.embeddingDropout', /got 1, expected a number in \[0, 1\)/],
    [{ epochs: unit }, 'tune.space.epochs', /got 0.1, expected a whole number/],
    [{ 'loss.tau': { uniform: [-1, 1] } }, 'tune.space.loss.tau', /got -1, expected a number above 0/, { loss: 'sl' }],
    [
      { 'loss.negativeWeight': unit },
      'tune.space.loss.negativeWeight',
      /expected cosine/,
      { loss: 'sl', score: 'dot' },
    ],
    [
      { 'backbone.layer': { integer: [1, 3] } },
      'tune.space.backbone.layer',
      /Did you mean layers\?/,
      { backbone: 'lightgcn' },
    ],
    [{ loss: { choice: ['sl', 'bpr'] }, 'loss.tau': unit }, 'tune.space.loss.tau', /option of loss bpr/],
    [{ seed: { integer: [1, 9] } }, 'tune.space.seed', /differ between trials/],
    [{ 'validation.metric': { choice: ['ndcg@5'] } }, 'tune.space.validation.metric', /differ between trials/],
  ])('%j', async (space, option, message, base = {}) => {
    const error = await rejectionOf(checkSpace(base, space));
    expect(error).toMatchObject({ code: 'bad-option', facts: { option } });
    expect(error.message).toMatch(message);
  });
  test('and then takes every value', async () => {
    await checkSpace(
      { schedule: 'constant' },
      {
        loss: { choice: ['sl', { name: 'bsl', tau1: 2 }] },
        'loss.tau': unit,
        'schedule.warmup': { uniform: [0, 0.2] },
      },
    );
  });
});

test('a point stands over the configuration', () => {
  const base: TrainConfigInput = { loss: { name: 'bsl', tau: 0.5, tau1: 2 }, schedule: 'constant', batch: { rows: 8 } };
  const config = parseTrainConfig(
    configAt(base, { 'loss.tau': 0.1, 'schedule.warmup': 0.1, 'batch.rows': 16, l2: 0.3 }),
  );
  expect(config).toMatchObject({
    loss: { name: 'bsl', options: { tau: 0.1, tau1: 2 } },
    schedule: { name: 'constant', warmup: 0.1 },
    batch: { rows: 16 },
    l2: 0.3,
  });
  expect(parseTrainConfig(configAt({}, { 'loss.tau': 0.1 })).loss).toEqual({
    name: 'bsl',
    options: { tau1: 4, negativeWeight: 1.2, tau: 0.1 },
  });
  expect(parseTrainConfig(configAt({}, { 'loss.tau': 0.1, loss: 'sl' })).loss).toEqual({
    name: 'sl',
    options: { tau: 0.1 },
  });
});

describe('the default space', () => {
  test.each(lossNames)('of %s: every point trains', async (loss) => {
    for (const items of [100, 50_000]) {
      const { space, config } = defaultSpace({ loss }, items);
      expect(Object.keys(space).length).toBeGreaterThan(0);
      parseSpace(space);
      await checkSpace(config, space);
      for (let number = 0; number < 5; number++) parseTrainConfig(configAt(config, randomPoint(space, number, 1)));
    }
  });
  test('begins with the objective of a training with a validation part', () => {
    const dataset = syntheticDataset({ users: 120, items: 30, interactions: 1500, validRatio: 0.2, seed: 1 });
    const { space, config } = defaultSpace({}, 30);
    expect(configAt(config, searches.tpe(space, 1).propose([])[0]!)).toMatchObject(objectiveByData(dataset)!.config);
  });
  test('leaves alone what was given', () => {
    const { space, config } = defaultSpace(
      { loss: { name: 'sl', tau: 0.3 }, batch: { pool: 'uniform' }, validation: { every: 3 } },
      100,
    );
    expect(Object.keys(space)).toEqual(['learningRate']);
    expect(config).toMatchObject({
      loss: { options: { tau: 0.3 } },
      validation: { every: 3 },
      batch: { pool: 'uniform' },
    });
  });
  test('has no pool where all items are negatives', () => {
    const { config } = defaultSpace({ loss: 'bsl', batch: { negatives: 'all' } }, 100);
    expect(parseTrainConfig(config).batch).toMatchObject({ negatives: 'all', pool: 'uniform' });
  });
  test('searches the weight of the negatives where the prior is given', () => {
    const { space, config } = defaultSpace({ loss: 'sl', popularityPrior: 0 }, 100);
    expect(Object.keys(space)).toEqual(['loss.tau', 'learningRate', 'loss.negativeWeight']);
    expect(config.batch?.pool).toBeUndefined();
  });
  test('is refused when nothing is left', () => {
    const base: TrainConfigInput = { loss: { name: 'sl', tau: 0.1 }, learningRate: 0.1 };
    expect(errorOf(() => defaultSpace(base, 100)).message).toMatch(/loss.tau, learningRate not set/);
    expect(errorOf(() => defaultSpace({ loss: { module: '../tuning/mine.mjs' } }, 100)).facts.option).toBe(
      'tune.space',
    );
  });
});

test.each<[unknown, string, RegExp]>([
  [{ trial: 3 }, 'tune.trial', /Did you mean trials\?/],
  [{ search: 'bayes' }, 'tune.search', /one of tpe, random, grid/],
  [{ halving: { rungs: [0.5] } }, 'tune.halving.rungs', /end with 1/],
  [{ halving: { rungs: [0.5, 0.2, 1] } }, 'tune.halving.rungs', /ascending/],
  [{ halving: { factor: 1 } }, 'tune.halving.factor', /above 1/],
  [{ halving: { rung: [1] } }, 'tune.halving.rung', /Did you mean rungs\?/],
  [{ metric: 'accuracy' }, 'tune.metric', /a metric as 'ndcg@20'/],
  [{ timeBudget: 0 }, 'tune.timeBudget', /above 0/],
])('settings %j are refused', (settings, option, message) => {
  const error = errorOf(() => parseTuneSettings(settings));
  expect(error).toMatchObject({ code: 'bad-option', facts: { option } });
  expect(error.message).toMatch(message);
});

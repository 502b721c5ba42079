import { describe, expect, it, test } from 'vitest';
import { optimizerDefaults } from '../../src/optimizer/create-optimizer.ts';
import { samplerDefaults } from '../../src/sampler/sampler-options.ts';
import { configHash } from '../../src/training/checkpoint.ts';
import { configToJson, parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import { defineConfig } from '../../src/tuning/define-config.ts';
import { errorOf } from '../support/error-of.ts';

describe('parseTrainConfig', () => {
  it('fills in every default', () => {
    const config = parseTrainConfig({});
    expect(config.batch).toEqual({
      kind: samplerDefaults.batch,
      rows: samplerDefaults.rows,
      negatives: samplerDefaults.negatives,
      pool: samplerDefaults.pool,
      alpha: samplerDefaults.alpha,
      logQ: samplerDefaults.logQ,
      maskPositives: samplerDefaults.maskPositives,
    });
    const { name, beta1, beta2, epsilon } = optimizerDefaults;
    expect(config.optimizer).toEqual({ name, beta1, beta2, epsilon });
    expect(config.loss).toEqual({ name: 'bsl', options: { tau1: 4, negativeWeight: 1.2 } });
    expect(config.score).toBe('cosine');
    expect(config.validation.metric).toBe('ndcg@20');
  });

  it.each([
    ['sl', { name: 'sl', options: {} }],
    [
      { name: 'bsl', tau1: 'inf', tau: 0.2 },
      { name: 'bsl', options: { tau1: Infinity, tau: 0.2 } },
    ],
    [
      { name: 'bsl', options: { tau: 0.2 } },
      { name: 'bsl', options: { tau: 0.2 } },
    ],
    [
      { module: './my.mjs', margin: 1 },
      { module: './my.mjs', options: { margin: 1 } },
    ],
    [
      { module: './my.mjs', export: 'hinge' },
      { module: './my.mjs', export: 'hinge', options: {} },
    ],
  ])('reads loss %j', (loss, expected) => {
    expect(parseTrainConfig({ loss }).loss).toEqual(expected);
  });

  it('takes a name for an object of one', () => {
    const config = parseTrainConfig({ schedule: 'constant', optimizer: 'sgd' });
    expect(config.schedule).toEqual({ name: 'constant', warmup: 0, final: 0 });
    expect(config.optimizer.name).toBe('sgd');
  });

  it('takes the score of the loss unless told otherwise', () => {
    expect(parseTrainConfig({ loss: 'bpr' }).score).toBe('dot');
    expect(parseTrainConfig({ loss: 'bpr', score: 'cosine' }).score).toBe('cosine');
  });

  it.each<[unknown, string, unknown, RegExp]>([
    [{ learningRate: 'fast' }, 'learningRate', 'fast', /got "fast", expected a number above 0/],
    [{ learningRate: Infinity }, 'learningRate', Infinity, /expected a number above 0/],
    [{ learningRate: Number.NaN }, 'learningRate', Number.NaN, /got NaN, expected a number above 0/],
    [{ epochs: 1.5 }, 'epochs', 1.5, /a whole number of at least 1/],
    [{ embeddingDropout: 1 }, 'embeddingDropout', 1, /\[0, 1\)/],
    [{ batch: { negatives: 'some' } }, 'batch.negatives', 'some', /'all'/],
    [{ batch: 3 }, 'batch', 3, /an object/],
    [{ batch: { negatves: 3 } }, 'batch.negatves', 3, /Did you mean negatives\?/],
    [{ lerningRate: 1 }, 'lerningRate', 1, /Did you mean learningRate\?/],
    [{ zzzzzzzz: 1 }, 'zzzzzzzz', 1, /Known: loss, backbone, score, /],
    [{ schedule: 'cosin' }, 'schedule.name', 'cosin', /one of constant, cosine/],
    [{ schedule: { name: 'cosine', warmup: -0.1 } }, 'schedule.warmup', -0.1, /\[0, 1\)/],
    [{ validation: { metric: 'ndgc@20' } }, 'validation.metric', 'ndgc@20', /metrics: recall, .*ndcg/],
    [{ validation: { metric: 'ndcg@0' } }, 'validation.metric', 'ndcg@0', /'ndcg@20'/],
    [{ loss: 3 }, 'loss', 3, /the name of a loss/],
    [{ loss: { tau: 1 } }, 'loss', '{"tau":1}', /the name of a loss/],
    [{ loss: { name: 'sl', evaluate: 3, parameters: {} } }, 'loss', undefined, /the name of a loss/],
    ['sl', 'config', 'sl', /an object/],
  ])('refuses %j, naming the option', (input, option, got, message) => {
    const error = errorOf(() => parseTrainConfig(input));
    expect(error.code).toBe('bad-option');
    expect(error.facts.option).toBe(option);
    if (got !== undefined) expect(error.facts.got).toEqual(got);
    expect(error.message).toMatch(message);
  });
});

describe('configToJson', () => {
  const inputs: TrainConfigInput[] = [
    {},
    { loss: { name: 'bsl', tau1: Infinity }, batch: { kind: 'pair' }, timeBudget: 5, threads: 2 },
    { loss: { module: './my.mjs', export: 'hinge', tau: Infinity }, refit: true },
  ];
  it.each(inputs)('gives JSON that is read back as the same configuration: %j', (input) => {
    const config = parseTrainConfig(input);
    expect(parseTrainConfig(JSON.parse(JSON.stringify(configToJson(config))))).toEqual(config);
  });
});

test('defineConfig gives back what it got, data and folder among it', () => {
  const config = { data: { train: 'likes.csv', minRating: 4 }, out: 'model', epochs: 3, loss: 'sl' } as const;
  expect(defineConfig(config)).toBe(config);
  // @ts-expect-error: an option that does not exist
  defineConfig({ data: { train: 'likes.csv', minRatings: 4 } });
  // @ts-expect-error: an option that does not exist
  defineConfig({ epoch: 3 });
});

describe('configHash', () => {
  const hash = (input: TrainConfigInput) => configHash(parseTrainConfig(input));

  it('does not see threads, engine and checkpoint interval, nor the order of keys', () => {
    expect(hash({ threads: 3, engine: 'reference', build: 'simd', checkpointEvery: 2 })).toBe(hash({}));
    expect(hash({ loss: { tau: 1, name: 'bsl', tau1: 2 } })).toBe(hash({ loss: { name: 'bsl', tau1: 2, tau: 1 } }));
  });

  it('sees everything else, at any depth', () => {
    const others: TrainConfigInput[] = [
      { seed: 2 },
      { epochs: 7 },
      { batch: { alpha: 1 } },
      { loss: { name: 'bsl', tau1: 3 } },
    ];
    expect(new Set([{}, ...others].map(hash)).size).toBe(others.length + 1);
  });
});

import { describe, expect, test } from 'vitest';
import { experimentSettings } from '../../src/experiment/read-settings.ts';
import type { ExperimentConfig } from '../../src/experiment/settings.ts';
import { rejectionOf } from '../support/error-of.ts';

const data = [{ name: 'films', train: 'train.csv', test: 'test.csv' }];
const settingsOf = (config: object) => experimentSettings(config, { data, losses: ['sl'] });

class OwnLoss {
  readonly name = 'own';
  readonly parameters = {};
  readonly allowsDotScores = true;
  evaluate(): number {
    return 0;
  }
}

describe('the settings of an experiment', () => {
  test('what is given stands over the defaults; levels are in order; metrics have that of the claims first', async () => {
    const { levels, seeds, metrics, losses } = await settingsOf({ levels: [0.4, 0, 0.2], metric: 'recall@10' });
    expect(levels).toEqual([0, 0.2, 0.4]);
    expect(seeds).toEqual([1, 2, 3]);
    expect(metrics).toEqual(['recall@10', 'ndcg@20', 'recall@20', 'coverage@20', 'gini@20']);
    expect(losses[0]).toEqual({ label: 'sl', source: { name: 'sl', options: {} }, candidates: {}, config: {} });
  });

  test('option values that are lists are to be chosen from; the middle one stands in', async () => {
    const loss = { name: 'bsl', label: 'mine', tau: [0.1, 0.2, 0.3], tau1: 'inf', config: { epochs: [5, 10] } };
    const { losses } = await settingsOf({ losses: [loss] });
    expect(losses[0]).toEqual({
      label: 'mine',
      source: { name: 'bsl', options: { tau: 0.2, tau1: Infinity } },
      candidates: { tau: [0.1, 0.2, 0.3], 'config.epochs': [5, 10] },
      config: { epochs: 10 },
    });
  });

  test.each([
    ['an instance of a class', new OwnLoss()],
    ['a plain object', { ...new OwnLoss(), evaluate: () => 0 }],
  ])('a loss may be %s', async (_, loss) => {
    const { losses } = await settingsOf({ losses: [loss as never] });
    expect(losses[0]!.label).toBe('own');
    expect(losses[0]!.source).toBe(loss);
  });

  test.each<[string, ExperimentConfig, RegExp]>([
    ['an option that the loss has not', { losses: [{ name: 'sl', tua: 0.2 }] }, /Unknown option of loss sl "tua"/],
    ['any value to choose from', { losses: [{ name: 'sl', tau: [0.1, 0.2, -1] }] }, /sl\.tau: got -1/],
    [
      'any training option to choose from',
      { losses: [{ name: 'sl', config: { epochs: [3, 4, -1] } }] },
      /epochs: got -1/,
    ],
    ['no value to choose from', { losses: [{ name: 'sl', tau: [] }] }, /losses\.tau: got "\[\]"/],
    ['a training option', { config: { epocs: 3 } as never }, /Did you mean epochs/],
    ['two losses of one name', { losses: ['sl', { name: 'sl', tau: 0.3 }] }, /sl twice.*a different label/],
    ['a level twice', { levels: [1, 1] }, /levels: got "1 twice"/],
    ['a metric without a cut-off', { metric: 'ndcg' }, /a metric with its cut-off/],
    ['a setting that there is not', { sedes: [1] } as never, /Did you mean seeds/],
  ])('%s: refused before anything runs', async (_, config, message) => {
    const error = await rejectionOf(settingsOf(config));
    expect(error.message).toMatch(message);
  });
});

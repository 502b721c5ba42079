import { expect, test } from 'vitest';
import { mergeConfigs } from '../../src/experiment/run.ts';

test('groups are merged option by option, later ones win', () => {
  const merged = mergeConfigs(
    { epochs: 5, batch: { rows: 64, negatives: 'all' } },
    { batch: { negatives: 128 } },
    { learningRate: 0.1, epochs: undefined },
  );
  expect(merged).toEqual({ epochs: 5, learningRate: 0.1, batch: { rows: 64, negatives: 128 } });
});

test('a loss and a backbone are replaced as a whole', () => {
  const merged = mergeConfigs(
    { loss: { name: 'bsl', tau1: 2 }, backbone: { name: 'lightgcn', layers: 3 } },
    { loss: { name: 'sl', tau: 0.2 }, backbone: { name: 'mf' } },
  );
  expect(merged).toEqual({ loss: { name: 'sl', tau: 0.2 }, backbone: { name: 'mf' } });
});

test('the given configurations stay as they are', () => {
  const below = { batch: { rows: 64 } };
  mergeConfigs(below, { batch: { rows: 32 } });
  expect(below).toEqual({ batch: { rows: 64 } });
});

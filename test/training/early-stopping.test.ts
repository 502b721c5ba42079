import { expect, it } from 'vitest';
import { EarlyStopping } from '../../src/training/early-stopping.ts';

const curve = [0.1, 0.3, 0.2, 0.3, 0.4, 0.39, 0.1, 0.38, 0.5];

it('keeps the first best value and stops after so many validations without a better one', () => {
  const stopping = new EarlyStopping(3);
  const better: number[] = [];
  let epoch = 0;
  while (!stopping.shouldStop) {
    epoch++;
    if (stopping.observe(epoch, curve[epoch - 1]!)) better.push(epoch);
  }
  expect(better).toEqual([1, 2, 5]);
  expect(epoch).toBe(5 + 3);
  expect(stopping.state).toEqual({ best: 0.4, epoch: 5, waited: 3 });
});

it('continues from its state', () => {
  const straight = new EarlyStopping(9);
  let resumed = new EarlyStopping(9);
  for (const [at, value] of curve.entries()) {
    straight.observe(at + 1, value);
    resumed.observe(at + 1, value);
    resumed = new EarlyStopping(9, JSON.parse(JSON.stringify(resumed.state)));
  }
  expect(resumed.state).toEqual(straight.state);
});

it('does not take NaN for better', () => {
  const stopping = new EarlyStopping(2);
  stopping.observe(1, 0.2);
  expect(stopping.observe(2, Number.NaN)).toBe(false);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createOptimizer, optimizerDefaults, optimizerOptions } from '../../src/optimizer/create-optimizer.ts';
import type { OptimizerOptions } from '../../src/optimizer/optimizer.ts';
import { expectClose } from '../support/close.ts';
import { draws } from '../support/property-seed.ts';

interface Row {
  values: Float64Array;
  m: Float64Array;
  v: Float64Array;
}

const newRow = (values: number[]): Row => ({
  values: Float64Array.from(values),
  m: new Float64Array(values.length),
  v: new Float64Array(values.length),
});

/** Dense Adam in the form PyTorch documents, one number at a time; step s from 1. */
function denseAdam(row: Row, gradient: ArrayLike<number>, options: OptimizerOptions, s: number, rate: number): void {
  const { beta1, beta2, epsilon, decoupledWeightDecay } = options;
  for (let c = 0; c < row.values.length; c++) {
    const g = gradient[c]!;
    row.values[c]! *= 1 - rate * decoupledWeightDecay;
    row.m[c] = beta1 * row.m[c]! + (1 - beta1) * g;
    row.v[c] = beta2 * row.v[c]! + (1 - beta2) * g * g;
    const mHat = row.m[c]! / (1 - beta1 ** s);
    const vHat = row.v[c]! / (1 - beta2 ** s);
    row.values[c]! -= (rate * mHat) / (Math.sqrt(vHat) + epsilon);
  }
}

interface Run {
  /** Gradient of each step; undefined where the row is not touched. */
  steps: (number[] | undefined)[];
  epochLength: number;
  rate: number;
  schedule: 'constant' | 'cosine' | 'warm-up';
}

// Large beside ε: one ε stands for those of all skipped steps, which a gradient of 1e-3 feels in the sixth digit.
const gradient = fc.array(
  fc.oneof(fc.double({ min: 1e-2, max: 10, noNaN: true }), fc.double({ min: -10, max: -1e-2, noNaN: true })),
  { minLength: 3, maxLength: 3 },
);
const runs: fc.Arbitrary<Run> = fc.record({
  steps: fc.array(fc.oneof({ weight: 1, arbitrary: gradient }, { weight: 9, arbitrary: fc.constant(undefined) }), {
    minLength: 1,
    maxLength: 400,
    size: 'max',
  }),
  epochLength: fc.integer({ min: 1, max: 300 }),
  rate: fc.double({ min: 1e-4, max: 0.1, noNaN: true }),
  schedule: fc.constantFrom('constant', 'cosine', 'warm-up'),
});

function rateAt({ rate, schedule, steps }: Run, s: number): number {
  if (schedule === 'cosine') return rate * (0.5 + 0.5 * Math.cos((Math.PI * s) / steps.length));
  return schedule === 'warm-up' ? rate * Math.min(1, (s + 1) / 20) : rate;
}

/** A run of the row optimiser: the row is looked at only when a step touches it, and at each epoch's end. */
function lazyRun(run: Run, options: OptimizerOptions): Row {
  const optimizer = createOptimizer(options);
  const row = newRow([1, -0.5, 0.25]);
  let applied = 0;
  run.steps.forEach((g, s) => {
    if (s % run.epochLength === 0) {
      optimizer.skip(row, applied);
      optimizer.startEpoch(s);
      applied = 0;
    }
    if (g) optimizer.skip(row, applied);
    optimizer.beginStep(rateAt(run, s));
    if (!g) return;
    optimizer.step(row, Float64Array.from(g));
    applied = optimizer.steps;
  });
  optimizer.skip(row, applied);
  return row;
}

describe('adam', () => {
  test.each([0, 0.05, 1])('a lazy run is the dense run, weight decay %d', (decoupledWeightDecay) => {
    const options = { ...optimizerDefaults, decoupledWeightDecay };
    fc.assert(
      fc.property(runs, (run) => {
        const dense = newRow([1, -0.5, 0.25]);
        run.steps.forEach((g, s) => {
          denseAdam(dense, g ?? [0, 0, 0], options, s + 1, rateAt(run, s));
        });
        const lazy = lazyRun(run, options);
        expectClose(lazy.values, dense.values, 1e-6, 1e-5, 'values');
        expectClose(lazy.m, dense.m, 1e-30, 1e-9, 'm');
        expectClose(lazy.v, dense.v, 1e-30, 1e-9, 'v');
      }),
      draws(150),
    );
  });

  test.each([
    [0, 0.999],
    [0.5, 0.9],
    [0.9, 0.9],
  ])('any betas: %d, %d', (beta1, beta2) => {
    const options = { ...optimizerDefaults, beta1, beta2 };
    fc.assert(
      fc.property(runs, (run) => {
        const dense = newRow([1, -0.5, 0.25]);
        run.steps.forEach((g, s) => {
          denseAdam(dense, g ?? [0, 0, 0], options, s + 1, rateAt(run, s));
        });
        expectClose(lazyRun(run, options).values, dense.values, 1e-5, 1e-4, 'values');
      }),
      draws(60),
    );
  });

  test('the first step moves by the learning rate against the sign of the gradient', () => {
    const row = lazyRun({ steps: [[4, -2, 0.5]], epochLength: 1, rate: 0.1, schedule: 'constant' }, optimizerDefaults);
    expectClose(row.values, [1 - 0.1, -0.5 + 0.1, 0.25 - 0.1], 1e-8, 1e-7);
    expectClose(row.m, [0.1 * 4, 0.1 * -2, 0.1 * 0.5], 1e-15, 1e-15);
    expectClose(row.v, [0.001 * 16, 0.001 * 4, 0.001 * 0.25], 1e-15, 1e-12);
  });

  test('a row that was never touched does not move, and only decays with weight decay', () => {
    const run: Run = { steps: new Array(50).fill(undefined), epochLength: 20, rate: 0.1, schedule: 'constant' };
    expect([...lazyRun(run, optimizerDefaults).values]).toEqual([1, -0.5, 0.25]);
    const decay = (1 - 0.1 * 0.2) ** 50;
    const decayed = lazyRun(run, { ...optimizerDefaults, decoupledWeightDecay: 0.2 }).values;
    expectClose(decayed, [decay, -0.5 * decay, 0.25 * decay], 1e-15, 1e-12);
  });

  test('moments fall to 0, not into denormals', () => {
    const optimizer = createOptimizer(optimizerDefaults);
    const row = { values: Float32Array.of(1), m: Float32Array.of(1e-37), v: Float32Array.of(1e-37) };
    optimizer.startEpoch(1000);
    for (let s = 0; s < 4000; s++) optimizer.beginStep(0.01);
    optimizer.skip(row, 0);
    expect([row.m[0], row.v[0]]).toEqual([0, 0]);
  });

  test('gradients of 1e4 and 1e-20 stay finite in 32-bit floats', () => {
    const optimizer = createOptimizer(optimizerDefaults);
    const row = { values: new Float32Array(2), m: new Float32Array(2), v: new Float32Array(2) };
    for (let s = 0; s < 100; s++) {
      optimizer.beginStep(0.01);
      optimizer.step(row, Float32Array.of(1e4, 1e-20));
    }
    for (const x of [...row.values, ...row.m, ...row.v]) expect(x).toSatisfy(Number.isFinite);
  });
});

test('sgd: a lazy run is θ ← θ (1 − lr·wd) − lr·g at every step', () => {
  const options: OptimizerOptions = { ...optimizerDefaults, name: 'sgd', decoupledWeightDecay: 0.3 };
  fc.assert(
    fc.property(runs, (run) => {
      let dense = [1, -0.5, 0.25];
      run.steps.forEach((g, s) => {
        const rate = rateAt(run, s);
        dense = dense.map((x, c) => x * (1 - rate * 0.3) - rate * (g?.[c] ?? 0));
      });
      expectClose(lazyRun(run, options).values, dense, 1e-12, 1e-10);
    }),
  );
});

describe('options', () => {
  test('defaults are filled in', () => {
    expect(optimizerOptions({ l2: 0.1, beta1: undefined })).toEqual({ ...optimizerDefaults, l2: 0.1 });
  });

  test.each<[Partial<OptimizerOptions>, string]>([
    [{ beta1: 1 }, 'Option optimizer.beta1: got 1'],
    [{ beta2: 0 }, 'Option optimizer.beta2: got 0'],
    [{ beta1: 0.95, beta2: 0.9 }, 'Option optimizer.beta1: got 0.95, expected at most beta2 = 0.9'],
    [{ epsilon: 0 }, 'Option optimizer.epsilon: got 0'],
    [{ decoupledWeightDecay: -1 }, 'Option optimizer.decoupledWeightDecay: got -1'],
    [{ l2: Number.NaN }, 'Option optimizer.l2: got NaN'],
    [{ name: 'adamw' as 'adam' }, 'Option optimizer.name: got "adamw", expected one of adam, sgd.'],
  ])('%o is refused', (options, message) => {
    expect(() => optimizerOptions(options)).toThrow(message);
  });

  test('a decay that would turn parameters around is refused at its step', () => {
    const optimizer = createOptimizer({ ...optimizerDefaults, decoupledWeightDecay: 20 });
    expect(() => optimizer.beginStep(0.1)).toThrow('Option decoupledWeightDecay: got 20, expected less than');
  });
});

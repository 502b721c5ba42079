import { expect, test } from 'vitest';
import { Budget } from '../../src/tuning/budget.ts';
import type { Run } from '../../src/tuning/study.ts';

const short = { epochs: 20, batch: { negatives: 512 }, validation: { every: 20 } };
const whole = { epochs: 100, batch: { negatives: 2048 }, validation: { every: 20 } };
const configs = [short, whole];
const engine = { name: 'wasm', build: 'simd', threads: 1 };

/** A run that is done, on one thread. */
function done(rung: number, train: number, validate: number): Run {
  const config = configs[rung]!;
  return {
    trial: 0,
    rung,
    state: 'done',
    config,
    seed: 1,
    epochs: config.epochs,
    seconds: { train, validate },
    engine,
  };
}

const threads = { all: 2, one: 1 };
const hasTime = (seconds: number, rung: number, runs: readonly Run[]) =>
  new Budget(seconds, 2, () => 100).hasTime(rung, runs, threads, configs);

test('before anything is known there is time while the budget lasts', () => {
  expect(hasTime(101, 0, [])).toBe(true);
  expect(hasTime(100, 0, [])).toBe(false);
});

test('a short training needs its own time and that of two whole ones', () => {
  // 20 + 10 s; a whole one takes 20 · 5 · √4 s of training and five validations of 10 s: 250 s of a thread, two of them 250 s of both threads, and 15% more.
  const runs = [done(0, 20, 10)];
  expect(hasTime(100 + 30 + 288, 0, runs)).toBe(true);
  expect(hasTime(100 + 30 + 287, 0, runs)).toBe(false);
  expect(hasTime(100 + 250, 1, runs)).toBe(true);
  expect(hasTime(100 + 249, 1, runs)).toBe(false);
});

test('once a whole one has been trained its own time counts', () => {
  const runs = [done(0, 20, 10), done(1, 80, 40)];
  expect(hasTime(100 + 30 + 138, 0, runs)).toBe(true);
  expect(hasTime(100 + 30 + 137.9, 0, runs)).toBe(false);
});

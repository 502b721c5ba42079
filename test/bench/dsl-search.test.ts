import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { cellsOf, gainsOf, membersByRung, nextTrial, trialsOf, valuesOf } from '../../bench/dsl/judge.mjs';
import { members } from '../../bench/dsl/members.mjs';
import { rungs, sizes } from '../../bench/dsl/plan.mjs';
import { Records } from '../../bench/dsl/records.mjs';
import { dataSets } from '../../bench/dsl/settings.mjs';

type Trial = NonNullable<ReturnType<typeof nextTrial>>;

const folder = mkdtempSync(join(tmpdir(), 'taurec-dsl-search-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);

/** Runs the search with made-up values until it ends, or for `most` trainings. */
function run(records: Records, value: (trial: Trial) => number, most = Infinity): void {
  let done = 0;
  for (const trial of trialsOf(records)) {
    if (done++ === most) return;
    records.add({ ...trial, value: value(trial), seconds: 1 });
  }
}

/** The summit of a member's curve over log τ, in strides of the grid: on the grid, at most two steps from the start. */
const names = Object.keys(members);
const summit = (member: string) => (names.indexOf(member) % 5) - 2;
const quality = (member: string) => (member === 'sl' ? 1 : 1 + ((names.indexOf(member) * 7) % names.length) / 100);
function madeUp({ member, data, seed, tau, rate, epochs }: Trial): number {
  const steps = Math.log(tau / dataSets[data]!.tau) / Math.log(1.4) - (member === 'sl' ? 0 : summit(member));
  // Rates and epochs: the second rate is best, and more than 12 epochs gain nothing.
  const training = rate === 0.02 || rate > 0.025 ? 1 : 0.9;
  return (quality(member) + seed / 100) * training * (1 - 0.02 * steps ** 2) * (epochs > 24 ? 0.99 : 1);
}

test('the search finds every summit, promotes the best half, and ends with four members on all sets', () => {
  const records = new Records(file('whole.jsonl'));
  run(records, madeUp);
  expect([...trialsOf(new Records(file('whole.jsonl')))]).toEqual([]);
  const found = membersByRung(records);
  expect(found.map((rung) => rung.length)).toEqual(sizes(names.length));
  const best = names.toSorted((a, b) => quality(b) - quality(a));
  for (const rung of found) expect(rung.toSorted()).toEqual(best.slice(0, rung.length).toSorted());
  for (const member of found.at(-1)!) {
    for (const cell of rungs.at(-1)!.flatMap((part) => cellsOf(member, part))) {
      const expected = cell.seeds.map((seed) => (quality(member) + seed / 100) / (1 + seed / 100) - 1);
      for (const [at, gain] of gainsOf(cell, records)!.entries()) expect(gain).toBeCloseTo(expected[at]!, 4);
    }
  }
  // No training is done twice.
  const keys = records.all.map(({ value, seconds, ...trial }) => JSON.stringify(trial));
  expect(new Set(keys).size).toBe(keys.length);
});

test('a search that is stopped at any training, with a torn last line, goes on as if it had not been', () => {
  const whole = file('first.jsonl');
  run(new Records(whole), madeUp, 60);
  const lines = readFileSync(whole, 'utf8');
  fc.assert(
    fc.property(fc.nat(59), fc.nat(30), (kept, torn) => {
      const path = file('torn.jsonl');
      const complete = lines.split('\n').slice(0, kept);
      writeFileSync(path, complete.map((line) => `${line}\n`).join(''));
      appendFileSync(path, lines.split('\n')[kept]!.slice(0, torn));
      const records = new Records(path);
      expect(records.all.length).toBe(kept);
      run(records, madeUp, 60 - kept);
      const again = new Records(path);
      expect(again.all).toEqual(new Records(whole).all);
      expect(again.seconds).toBe(60);
    }),
    { numRuns: 10 },
  );
});

test('λ free takes the better of two values, with the same number of τ for each', () => {
  const records = new Records(file('free.jsonl'));
  const part = { setting: 'user', lambda: 'free', data: ['amazon2014-health'], seeds: [1], length: 1 } as const;
  const [cell] = cellsOf('sl', part);
  for (let trial = nextTrial(cell!, records); trial; trial = nextTrial(cell!, records)) {
    records.add({ ...trial, value: madeUp(trial) * (trial.lambda === 1 ? 1 : 1.1), seconds: 1 });
  }
  const { lambda } = dataSets['amazon2014-health']!;
  const tried = (l: number) => records.all.filter((record) => record.lambda === l).length;
  expect(valuesOf(cell!, records)).toEqual([1.1 * 1.01]);
  expect([tried(lambda), tried(1)]).toEqual([3, 3]);
});

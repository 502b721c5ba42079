import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestOf, type Observation, runSearches } from '../../src/search/search.ts';
import { type Dimension, holds, type Space, type SpacePoint, unitScaleOf } from '../../src/search/space.ts';
import { coordinateSearch, type SpaceSearch, searches } from '../../src/search/space-searches.ts';
import { draws } from '../support/property-seed.ts';

const ordered = (numbers: fc.Arbitrary<number>) =>
  fc.tuple(numbers, numbers).map(([a, b]): [number, number] => (a < b ? [a, b] : [b, a]));

const dimension: fc.Arbitrary<Dimension> = fc.oneof(
  fc.record({
    choice: fc.uniqueArray(fc.jsonValue(), { minLength: 1, maxLength: 5, selector: (x) => JSON.stringify(x) }),
  }),
  fc.record({ uniform: ordered(fc.double({ min: -1e6, max: 1e6, noNaN: true })) }),
  fc.record({ logUniform: ordered(fc.double({ min: 1e-9, max: 1e9, noNaN: true })) }),
  fc.record({ integer: ordered(fc.integer({ min: -1000, max: 1000 })) }),
);
const space: fc.Arbitrary<Space> = fc
  .array(dimension, { minLength: 1, maxLength: 4 })
  .map((dimensions) => Object.fromEntries(dimensions.map((one, i) => [`d${i}`, one])));

/** Proposes and evaluates trial after trial. */
function search(
  how: SpaceSearch,
  space: Space,
  objective: (point: SpacePoint) => number,
  trials: number,
  seed: number,
) {
  const seen: Observation<SpacePoint>[] = [];
  for (let number = 0; number < trials; number++) {
    const [point] = how(space, seed).propose(seen);
    // A grid ends.
    if (!point) break;
    seen.push({ point, value: objective(point) });
  }
  return seen;
}

describe.each(['tpe', 'random', 'grid'] as const)('%s', (name) => {
  test('proposes values that the dimensions can have, the same for the same arguments', () => {
    fc.assert(
      fc.property(space, fc.integer({ min: 0, max: 1000 }), (space, seed) => {
        const values = search(searches[name], space, () => (seed * 7919) % 13, 14, seed);
        for (const { point } of values) {
          expect(Object.keys(point)).toEqual(Object.keys(space));
          for (const [path, value] of Object.entries(point)) expect(holds(space[path]!, value), path).toBe(true);
        }
        const last = values.length - 1;
        const again = searches[name](space, seed).propose(values.slice(0, last));
        expect(again).toEqual([values[last]!.point]);
        expect(searches[name](space, seed).choose(values)).toEqual(bestOf(values)!.point);
      }),
      draws(60),
    );
  });
});

test('a place and its value are each other’s', () => {
  fc.assert(
    fc.property(dimension, fc.double({ min: 0, max: 1, noNaN: true }), (dimension, u) => {
      const axis = unitScaleOf(dimension);
      const at = axis.choices === undefined ? u : Math.min(axis.choices - 1, Math.floor(u * axis.choices));
      const value = axis.value(at);
      expect(axis.value(axis.place(value))).toEqual(value);
    }),
  );
});

test('an integer dimension reaches its values alike', () => {
  const axis = unitScaleOf({ integer: [3, 6] });
  const values = Array.from({ length: 400 }, (_, k) => axis.value(k / 400));
  for (const value of [3, 4, 5, 6]) expect(values.filter((x) => x === value)).toHaveLength(100);
  expect(axis.value(1)).toBe(6);
});

test('a grid covers every combination exactly once', () => {
  const space: Space = {
    a: { choice: ['x', 'y', null] },
    b: { integer: [1, 4] },
    c: { logUniform: [0.01, 1], points: 3 },
    d: { uniform: [0, 1] },
    e: { integer: [0, 100], points: 2 },
  };
  expect(searches.grid(space, 0).size).toBe(3 * 4 * 3 * 5 * 2);
  const points = search(searches.grid, space, () => 0, Infinity, 0).map(({ point }) => point);
  const expected = ['x', 'y', null].flatMap((a) =>
    [1, 2, 3, 4].flatMap((b) =>
      [0.01, 0.1, 1].flatMap((c) => [0, 0.25, 0.5, 0.75, 1].flatMap((d) => [0, 100].map((e) => ({ a, b, c, d, e })))),
    ),
  );
  const texts = (all: readonly object[]) => all.map((one) => JSON.stringify(one)).sort();
  expect(texts(points)).toEqual(texts(expected));
});

describe('TPE against random search on functions with a known optimum: median of the best of 40 trials over 31 seeds', () => {
  const space: Space = {
    x: { uniform: [-5, 10] },
    tau: { logUniform: [0.001, 10] },
    n: { integer: [1, 50] },
    pool: { choice: ['a', 'b', 'c', 'd'] },
  };
  const at = (point: SpacePoint) => point as { x: number; tau: number; n: number; pool: string };
  const objectives: Record<string, (point: SpacePoint) => number> = {
    'a bowl': (point) => {
      const { x, tau, n, pool } = at(point);
      return -((x - 2) ** 2) / 10 - Math.log10(tau / 0.1) ** 2 - ((n - 30) / 20) ** 2 - (pool === 'c' ? 0 : 1);
    },
    'a ridge beside a smaller hill': (point) => {
      const { x, tau, n, pool } = at(point);
      const hill = Math.exp(-((x - 7) ** 2)) + 0.6 * Math.exp(-((x + 3) ** 2) / 4);
      return hill - Math.abs(Math.log10(tau) + 1) / 4 - Math.abs(n - 10) / 60 + (pool === 'a' ? 0.2 : 0);
    },
  };
  const median = (numbers: number[]) => numbers.sort((a, b) => a - b)[(numbers.length - 1) / 2]!;
  const medianBest = (how: SpaceSearch, objective: (point: SpacePoint) => number) =>
    median(
      Array.from({ length: 31 }, (_, seed) =>
        Math.max(...search(how, space, objective, 40, seed).map(({ value }) => value!)),
      ),
    );
  test.each(Object.entries(objectives))('%s', (_, objective) => {
    expect(medianBest(searches.tpe, objective)).toBeGreaterThan(medianBest(searches.random, objective));
  });
});

test('the first trial takes the starts', () => {
  const space: Space = {
    a: { logUniform: [0.01, 1], start: 0.2 },
    b: { choice: [1, 2] },
    c: { integer: [1, 9], start: 4 },
  };
  for (const name of ['tpe', 'random'] as const) {
    expect(searches[name](space, 5).propose([])[0]).toMatchObject({ a: 0.2, c: 4 });
  }
});

test('TPE looks elsewhere while a trial runs', () => {
  const space: Space = { x: { uniform: [0, 1] } };
  const seen: Observation<SpacePoint>[] = Array.from({ length: 20 }, (_, i) => ({
    point: { x: i / 19 },
    value: -Math.abs(i / 19 - 0.5),
  }));
  const alone = searches.tpe(space, 1).propose(seen)[0]!.x as number;
  const running = Array.from({ length: 12 }, () => ({ point: { x: alone } }));
  const beside = searches.tpe(space, 1).propose([...seen, ...running])[0]!.x as number;
  expect(Math.abs(beside - alone)).toBeGreaterThan(0.01);
});

test('searches side by side: one round evaluates the points of all, each point once, and each ends by itself', async () => {
  const space: Space = { a: { choice: [1, 2, 3] }, b: { integer: [0, 4] } };
  const together = (point: SpacePoint) => -Math.abs(Number(point.a) + Number(point.b) - 6);
  const start = { a: 2, b: 2 };
  const rounds: number[][] = [];
  const seen: string[] = [];
  const searches = [coordinateSearch(space, start), coordinateSearch({}, { c: 7 }), coordinateSearch(space, start)];
  const chosen = await runSearches(searches, async (asked) => {
    rounds.push(asked.map(({ search }) => search));
    seen.push(...asked.map((one) => JSON.stringify(one)));
    return asked.map(({ search, point }) => (search === 2 ? -Infinity : together(point)));
  });
  expect(chosen).toEqual([{ a: 3, b: 3 }, { c: 7 }, start]);
  expect(rounds[0]).toEqual([0, 0, 0, 2, 2, 2]);
  expect(new Set(seen).size).toBe(seen.length);
});

test('a coordinate search is the same from any part of what it has seen', () => {
  const space: Space = { a: { choice: [1, 2, 3] }, b: { choice: ['x', 'y'] } };
  const value = ({ a, b }: SpacePoint) => (b === 'x' ? Number(a) : 10 - Number(a));
  const search = () => coordinateSearch(space, { a: 2, b: 'x' });
  const seen: Observation<SpacePoint>[] = [];
  for (let points = search().propose(seen); points.length > 0; points = search().propose(seen)) {
    expect(search().choose(seen)).toBeUndefined();
    seen.push({ point: points[0]!, value: value(points[0]!) });
  }
  expect(search().choose(seen)).toEqual({ a: 1, b: 'y' });
  // The first round, then a's values with the y of that round; (3, y) was known.
  expect(seen.map(({ point }) => [point.a, point.b])).toEqual([
    [1, 'x'],
    [2, 'x'],
    [3, 'x'],
    [3, 'y'],
    [1, 'y'],
    [2, 'y'],
  ]);
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { axisOf, type Dimension, holds } from '../../src/search/dimension.ts';
import type { Observation, Search } from '../../src/search/search.ts';
import { searches } from '../../src/search/searches.ts';
import type { Point, Space } from '../../src/search/space.ts';
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
function search(how: Search, space: Space, objective: (point: Point) => number, trials: number, seed: number) {
  const seen: Observation[] = [];
  for (let number = 0; number < trials; number++) {
    const point = how.propose(space, number, seen, seed);
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
        const again = searches[name].propose(space, 13, values.slice(0, 13), seed);
        expect(again).toEqual(values[13]!.point);
      }),
      draws(60),
    );
  });
});

test('a place and its value are each other’s', () => {
  fc.assert(
    fc.property(dimension, fc.double({ min: 0, max: 1, noNaN: true }), (dimension, u) => {
      const axis = axisOf(dimension);
      const at = axis.choices === undefined ? u : Math.min(axis.choices - 1, Math.floor(u * axis.choices));
      const value = axis.value(at);
      expect(axis.value(axis.place(value))).toEqual(value);
    }),
  );
});

test('an integer dimension reaches its values alike', () => {
  const axis = axisOf({ integer: [3, 6] });
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
  const grid = searches.grid as Required<Search>;
  expect(grid.size(space)).toBe(3 * 4 * 3 * 5 * 2);
  const points = Array.from({ length: grid.size(space) }, (_, number) => grid.propose(space, number, [], 0));
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
  const at = (point: Point) => point as { x: number; tau: number; n: number; pool: string };
  const objectives: Record<string, (point: Point) => number> = {
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
  const bestOf = (how: Search, objective: (point: Point) => number) =>
    median(
      Array.from({ length: 31 }, (_, seed) =>
        Math.max(...search(how, space, objective, 40, seed).map(({ value }) => value!)),
      ),
    );
  test.each(Object.entries(objectives))('%s', (_, objective) => {
    expect(bestOf(searches.tpe, objective)).toBeGreaterThan(bestOf(searches.random, objective));
  });
});

test('the first trial takes the starts', () => {
  const space: Space = {
    a: { logUniform: [0.01, 1], start: 0.2 },
    b: { choice: [1, 2] },
    c: { integer: [1, 9], start: 4 },
  };
  for (const name of ['tpe', 'random'] as const) {
    expect(searches[name].propose(space, 0, [], 5)).toMatchObject({ a: 0.2, c: 4 });
  }
});

test('TPE looks elsewhere while a trial runs', () => {
  const space: Space = { x: { uniform: [0, 1] } };
  const seen: Observation[] = Array.from({ length: 20 }, (_, i) => ({
    point: { x: i / 19 },
    value: -Math.abs(i / 19 - 0.5),
  }));
  const alone = searches.tpe.propose(space, 20, seen, 1).x as number;
  const running = Array.from({ length: 12 }, () => ({ point: { x: alone } }));
  const beside = searches.tpe.propose(space, 20, [...seen, ...running], 1).x as number;
  expect(Math.abs(beside - alone)).toBeGreaterThan(0.01);
});

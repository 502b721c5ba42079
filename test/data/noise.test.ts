import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Csr, csrDegree, csrFromEntries, csrHas, csrRow } from '../../src/array/csr.ts';
import { holdBackFalseNegatives } from '../../src/data/split/hold-back-false-negatives.ts';
import { addPositiveNoise, negativeNoise } from '../../src/data/training-noise.ts';
import { createSampler } from '../../src/sampler/create-sampler.ts';

const ITEMS = 12;
type Cell = readonly [user: number, item: number, value: number];
const matrixOf = (users: number, items: number, cells: readonly Cell[], weighted = false): Csr =>
  csrFromEntries(
    users,
    items,
    cells.map(([u]) => u),
    cells.map(([, i]) => i),
    weighted ? cells.map(([, , value]) => value) : undefined,
  );
const cellsOf = (m: Csr) =>
  Array.from({ length: m.rows }, (_, u) =>
    Array.from(csrRow(m, u), (i, k) => `${u} ${i} ${m.values?.[m.offsets[u]! + k] ?? 1}`),
  ).flat();
const sum = (x: Iterable<number>) => [...x].reduce((a, b) => a + b, 0);

/** Cells of 8 users and 12 items, dealt to train, test and validation; the test part has an item and a user of its own. */
const worlds = fc
  .record({
    cells: fc.uniqueArray(fc.tuple(fc.nat(7), fc.nat(ITEMS - 1), fc.nat(2), fc.constantFrom(0.5, 1, 3)), {
      selector: ([u, i]) => `${u} ${i}`,
      minLength: 1,
      maxLength: 60,
    }),
    weighted: fc.boolean(),
  })
  .map(({ cells, weighted }) => {
    const part = (wanted: number) => cells.filter(([, , which]) => which === wanted);
    const values = (list: typeof cells): Cell[] => list.map(([u, i, , value]) => [u, i, value]);
    return {
      train: matrixOf(8, ITEMS, values(part(0)), weighted),
      test: matrixOf(9, ITEMS + 1, [...values(part(1)), [8, 0, 1], [0, ITEMS, 1]]),
      valid: matrixOf(8, ITEMS, values(part(2))),
    };
  });
const ratios = fc.double({ min: 0, max: 3, noNaN: true });

describe('addPositiveNoise', () => {
  it('keeps train as it is and adds items that the user has nowhere', () => {
    fc.assert(
      fc.property(worlds, ratios, fc.nat(), fc.boolean(), ({ train, test, valid }, ratio, seed, validated) => {
        const noisy = addPositiveNoise(train, test, ratio, seed, validated ? valid : undefined);
        expect([noisy.rows, noisy.columns]).toEqual([train.rows, train.columns]);
        const before = new Set(cellsOf(train));
        const after = cellsOf(noisy);
        expect(after.filter((cell) => before.has(cell)).length).toBe(before.size);
        for (let u = 0; u < train.rows; u++) {
          const row = csrRow(noisy, u);
          expect([...row]).toEqual([...new Set(row)].sort((a, b) => a - b));
          const own = train.values && [...train.values.subarray(train.offsets[u], train.offsets[u + 1])];
          row.forEach((item, k) => {
            if (csrHas(train, u, item)) return;
            expect(csrHas(test, u, item)).toBe(false);
            if (validated) expect(csrHas(valid, u, item)).toBe(false);
            if (own) expect(own).toContain(noisy.values![noisy.offsets[u]! + k]);
          });
        }
        expect(noisy.values === undefined).toBe(train.values === undefined);
      }),
    );
  });

  it('adds about ratio · |P| to each user, and in all, as far as there are items', () => {
    fc.assert(
      fc.property(worlds, ratios, fc.nat(), ({ train, test, valid }, ratio, seed) => {
        const noisy = addPositiveNoise(train, test, ratio, seed, valid);
        let crowded = false;
        for (let u = 0; u < train.rows; u++) {
          const wanted = ratio * csrDegree(train, u);
          const known = new Set([...csrRow(train, u), ...csrRow(test, u), ...csrRow(valid, u)]);
          known.delete(ITEMS);
          const free = ITEMS - known.size;
          const added = csrDegree(noisy, u) - csrDegree(train, u);
          crowded ||= free < wanted + 1;
          expect(added).toBeGreaterThan(Math.min(free, wanted - 1) - 1e-9);
          expect(added).toBeLessThan(wanted + 1);
        }
        const all = noisy.indices.length - train.indices.length;
        if (!crowded) expect(Math.abs(all - ratio * train.indices.length)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('draws every item that is left equally often; the seed decides', () => {
    const train = matrixOf(1, ITEMS, [[0, 2, 1], [0, 7, 1]]); // biome-ignore format: cells
    const test = matrixOf(1, ITEMS, [[0, 0, 1], [0, 11, 1]]); // biome-ignore format: cells
    const counts = new Float64Array(ITEMS);
    const runs = 4000;
    for (let seed = 0; seed < runs; seed++) {
      for (const item of csrRow(addPositiveNoise(train, test, 1.5, seed), 0)) counts[item]!++;
    }
    for (let item = 0; item < ITEMS; item++) {
      if (csrHas(test, 0, item)) expect(counts[item]).toBe(0);
      else if (csrHas(train, 0, item)) expect(counts[item]).toBe(runs);
      // 3 of 8 items; 5 standard deviations
      else expect(Math.abs(counts[item]! / runs - 3 / 8)).toBeLessThan(5 * Math.sqrt((3 / 8) * (5 / 8) / runs)); // biome-ignore format: a formula
    }
    const drawn = (seed: number) => cellsOf(addPositiveNoise(train, test, 1.5, seed));
    expect(drawn(1)).toEqual(drawn(1));
    expect(new Set([1, 2, 3, 4].map((seed) => drawn(seed).join())).size).toBeGreaterThan(1);
  });

  it('refuses a ratio below 0', () => {
    const m = matrixOf(1, 2, [[0, 0, 1]]);
    expect(() => addPositiveNoise(m, m, -0.1, 1)).toThrow('Option positive noise ratio: got -0.1');
    expect(() => addPositiveNoise(m, m, Infinity, 1)).toThrow('expected a number ≥ 0');
  });
});

describe('negativeNoise', () => {
  it('weighs the positives, whatever their own weights, and leaves them as they are', () => {
    fc.assert(
      fc.property(worlds, ratios, ({ train }, ratio) => {
        const before = cellsOf(train);
        const weights = negativeNoise(train, ratio);
        expect([weights.rows, weights.columns]).toEqual([train.rows, train.columns]);
        const value = Math.fround(ratio);
        expect(cellsOf(weights)).toEqual(before.map((cell) => `${cell.split(' ').slice(0, 2).join(' ')} ${value}`));
        expect(cellsOf(train)).toEqual(before);
      }),
    );
  });

  it.each([0, 0.5, 1, 4])('a pool gives each positive %d times the weight of another item', (ratio) => {
    const train = matrixOf(1, ITEMS, [[0, 2, 1], [0, 7, 1]]); // biome-ignore format: cells
    const weights = rowWeights(train, negativeNoise(train, ratio), 'all');
    expect([...weights]).toEqual(Array.from({ length: ITEMS }, (_, i) => (i === 2 || i === 7 ? ratio : 1)));
  });

  it('refuses a ratio below 0', () => {
    const m = matrixOf(1, 2, [[0, 0, 1]]);
    expect(() => negativeNoise(m, -1)).toThrow('Option negative noise ratio: got -1');
  });
});

describe('holdBackFalseNegatives', () => {
  const shares = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  const probabilities = fc.double({ min: 0, max: 0.95, noNaN: true });

  it('divides the positives, and leaves every user one', () => {
    fc.assert(
      fc.property(worlds, shares, probabilities, fc.nat(), (world, share, p, seed) => {
        const { train, negativeWeights } = holdBackFalseNegatives(world.train, share, p, seed);
        const heldBack = cellsOf({ ...negativeWeights, values: undefined });
        const place = (cell: string) => cell.split(' ').slice(0, 2).join(' ');
        const both = [...cellsOf(train), ...heldBack].map(place);
        expect(both.sort()).toEqual(cellsOf(world.train).map(place).sort());
        const original = new Set(cellsOf(world.train));
        for (const cell of cellsOf(train)) expect(original.has(cell)).toBe(true);
        for (let u = 0; u < train.rows; u++) {
          expect(csrDegree(train, u) > 0).toBe(csrDegree(world.train, u) > 0);
          expect(csrDegree(negativeWeights, u)).toBeLessThan(share * csrDegree(world.train, u) + 1);
        }
      }),
    );
  });

  it('gives them the part p of the weight of all negatives', () => {
    fc.assert(
      fc.property(worlds, shares, probabilities, fc.nat(), (world, share, p, seed) => {
        const { train, negativeWeights } = holdBackFalseNegatives(world.train, share, p, seed);
        for (let u = 0; u < train.rows; u++) {
          const m = csrDegree(negativeWeights, u);
          const others = ITEMS - csrDegree(train, u) - m;
          if (m === 0 || others === 0) continue;
          const own = sum(negativeWeights.values!.subarray(negativeWeights.offsets[u], negativeWeights.offsets[u + 1]));
          expect(own / (own + others)).toBeCloseTo(p, 5);
        }
      }),
    );
  });

  it('and a uniform pool gives it to them in expectation', () => {
    const cells = Array.from({ length: 8 }, (_, i): Cell => [0, 3 * i, 1]);
    const p = 0.3;
    const { train, negativeWeights } = holdBackFalseNegatives(matrixOf(1, 40, cells), 0.5, p, 1);
    const total = new Float64Array(40);
    const epochs = 3000;
    for (let epoch = 0; epoch < epochs; epoch++) {
      rowWeights(train, negativeWeights, 10, epoch).forEach((w, item) => {
        total[item]! += w;
      });
    }
    const part = sum(csrRow(negativeWeights, 0).map((item) => total[item]!)) / sum(total);
    expect(csrDegree(negativeWeights, 0)).toBe(4);
    expect(Math.abs(part - p)).toBeLessThan(0.01);
    for (const item of csrRow(train, 0)) expect(total[item]).toBe(0);
  });

  it('draws by the seed, and without regard to p', () => {
    const train = matrixOf(
      4,
      30,
      Array.from({ length: 60 }, (_, e): Cell => [e % 4, e % 30, 1]),
    );
    const held = (p: number, seed: number) =>
      cellsOf({ ...holdBackFalseNegatives(train, 0.4, p, seed).negativeWeights, values: undefined });
    expect(held(0.1, 1)).toEqual(held(0.7, 1));
    expect(held(0.1, 1)).not.toEqual(held(0.1, 2));
    expect(Math.abs(held(0.1, 1).length - 0.4 * train.indices.length)).toBeLessThan(1);
    expect(new Set(holdBackFalseNegatives(train, 0.4, 0, 1).negativeWeights.values)).toEqual(new Set([0]));
  });

  it.each([
    [0, 0.1, 'Option false-negative share: got 0'],
    [1, 0.1, 'Option false-negative share: got 1'],
    [0.2, 1, 'Option false-negative probability: got 1'],
    [0.2, -0.1, 'expected a number ≥ 0 and < 1'],
  ])('refuses share %d with p %d', (share, p, message) => {
    expect(() => holdBackFalseNegatives(matrixOf(1, 2, [[0, 0, 1]]), share, p, 1)).toThrow(message);
  });
});

/** What each item weighs among the negatives of the only user, in the first batch of an epoch; 0 outside the pool. */
function rowWeights(train: Csr, negativeWeights: Csr, negatives: number | 'all', epoch = 0): Float64Array {
  const sampler = createSampler(train, { rows: 1, negatives }, 5, negativeWeights);
  sampler.startEpoch(epoch);
  const { negatives: pool, masked, maskWeights } = sampler.batch(0);
  const weights = new Float64Array(train.columns);
  for (const item of pool) weights[item] = 1;
  masked.forEach((position, e) => {
    weights[pool[position]!] = maskWeights![e]!;
  });
  return weights;
}

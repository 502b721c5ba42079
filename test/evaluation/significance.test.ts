import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src/array/random.ts';
import { pairedBootstrap, pairedTTest, ratioBootstrap } from '../../src/evaluation/significance.ts';

describe('pairedTTest', () => {
  const { PI, atan, sqrt } = Math;
  // The t distribution has closed forms: ν = 1: p = 1 − (2/π)·atan t; ν = 2: p = 1 − t/√(2 + t²); ν = 4: with w = t²/(4 + t²), p = 1 − √w·(1 + (1 − w)/2).
  it.each([
    [[1, 3], 2 / (sqrt(2) / sqrt(2)), (t: number) => 1 - (2 / PI) * atan(t)],
    [[1, 2, 3], 2 / (1 / sqrt(3)), (t: number) => 1 - t / sqrt(2 + t * t)],
    [
      [0, 1, 2, 3, 4],
      2 / (sqrt(10 / 4) / sqrt(5)),
      (t: number) => 1 - sqrt((t * t) / (4 + t * t)) * (1 + 4 / (4 + t * t) / 2),
    ],
  ])('%o, worked by hand', (differences, t, p) => {
    expect(pairedTTest(differences).t).toBeCloseTo(t, 12);
    expect(pairedTTest(differences).p).toBeCloseTo(p(t), 12);
    expect(pairedTTest(differences).degreesOfFreedom).toBe(differences.length - 1);
    const turned = pairedTTest(differences.map((d) => -d));
    expect(turned.t).toBeCloseTo(-t, 12);
    expect(turned.p).toBeCloseTo(p(t), 12);
  });

  it('holds for many users and a small t, where p is the normal one', () => {
    const n = 1_000_000;
    // Alternating ±1 around a shift: s = 1, t = shift·√n = 0.01, and for so small a z: p = 1 − √(2/π)·z.
    const differences = Float64Array.from({ length: n }, (_, u) => (u % 2 ? 1 : -1) + 0.01 / sqrt(n));
    expect(pairedTTest(differences).t).toBeCloseTo(0.01, 6);
    expect(pairedTTest(differences).p).toBeCloseTo(1 - sqrt(2 / PI) * 0.01, 5);
  });

  it('no differences: p = 1; the same difference for everyone: p = 0', () => {
    expect(pairedTTest([0, 0, 0])).toEqual({ t: 0, degreesOfFreedom: 2, p: 1 });
    expect(pairedTTest([-0.5, -0.5, -0.5])).toEqual({ t: Number.NEGATIVE_INFINITY, degreesOfFreedom: 2, p: 0 });
    expect(pairedTTest([1, -1]).p).toBe(1);
  });

  it('refuses a single user', () => {
    expect(() => pairedTTest([1])).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
});

describe('pairedBootstrap', () => {
  const normals = (n: number, shift: number, trial: number) => {
    const random = randomStream(1, 'test-normals', trial);
    return Float64Array.from({ length: n }, () => shift + random.normal());
  };

  it('no differences: an interval of nothing, p = 1', () => {
    expect(pairedBootstrap([[0, 0, 0, 0]], { resamples: 100 })).toEqual([{ mean: 0, low: 0, high: 0, p: 1 }]);
  });

  it('turning the sign turns the interval', () => {
    const column = normals(60, 0.2, 0);
    const [result, turned] = pairedBootstrap([column, column.map((d) => -d)], { resamples: 500 });
    expect(turned!.mean).toBeCloseTo(-result!.mean, 12);
    expect(turned!.low).toBeCloseTo(-result!.high, 12);
    expect(turned!.high).toBeCloseTo(-result!.low, 12);
    expect(turned!.p).toBeCloseTo(result!.p, 12);
  });

  it('a column has the same interval alone and beside others, also where the others are 0', () => {
    const column = normals(50, 0, 1);
    const sparse = column.map((d, u) => (u % 3 === 0 ? d : 0));
    const alone = pairedBootstrap([column], { resamples: 200 })[0]!;
    const beside = pairedBootstrap([sparse, column], { resamples: 200 })[1]!;
    expect(beside).toEqual(alone);
  });

  it('resampled means of two users are those of the four possible draws', () => {
    // Differences 0 and 1: the mean is 0, 1/2, 1/2 or 1, each a quarter; p: at most 0 in a quarter, doubled.
    const [{ mean, low, high, p }] = pairedBootstrap([[0, 1]], { level: 0.4, resamples: 20_000 }) as [
      { mean: number; low: number; high: number; p: number },
    ];
    expect([mean, low, high]).toEqual([1 / 2, 1 / 2, 1 / 2]);
    expect(Math.abs(p - 2 / 4)).toBeLessThan(2 * 4 * Math.sqrt(((1 / 4) * (3 / 4)) / 20_000));
  });

  it('a 95% interval covers the true mean in about 95% of trials, and p agrees with the t-test', () => {
    const trials = 200;
    let covered = 0;
    for (let trial = 0; trial < trials; trial++) {
      const column = normals(60, 0.3, trial);
      const { low, high, p } = pairedBootstrap([column], { resamples: 400, seed: trial })[0]!;
      if (low <= 0.3 && 0.3 <= high) covered++;
      expect(Math.abs(p - pairedTTest(column).p)).toBeLessThan(0.15);
    }
    // Four binomial deviations, and a point for the percentile interval's known shortness at 60 users.
    expect(Math.abs(covered / trials - 0.95)).toBeLessThan(0.01 + 4 * Math.sqrt((0.95 * 0.05) / trials));
  });

  it('the same seed gives the same interval', () => {
    const run = (seed: number) => pairedBootstrap([normals(40, 0, 3)], { resamples: 100, seed });
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });

  it.each([
    [[[1, 2]], { resamples: 0 }],
    [[[1, 2]], { level: 1 }],
    [[[1, 2], [1]], {}],
    [[], {}],
  ])('refuses %o %o', (differences, options) => {
    expect(() => pairedBootstrap(differences, options)).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
});

describe('ratioBootstrap', () => {
  /** Numbers above 0 of n users, and another column with `ratio` times their mean. */
  const pairOf = (n: number, ratio: number, trial: number): [Float64Array, Float64Array] => {
    const random = randomStream(1, 'test-ratios', trial);
    const b = Float64Array.from({ length: n }, () => 0.5 + random.real());
    return [b.map((value) => ratio * (value + 0.4 * random.normal())), b];
  };
  const { sqrt } = Math;

  it('columns in one proportion have an interval of nothing', () => {
    const [, b] = pairOf(40, 1, 0);
    for (const factor of [1, 0.5, 3]) {
      const [result] = ratioBootstrap([[b.map((value) => factor * value), b]], { resamples: 200 });
      for (const end of [result!.ratio, result!.low, result!.high]) expect(end).toBeCloseTo(factor - 1, 12);
    }
  });

  it('is that of the delta method for many users', () => {
    const n = 2000;
    const [a, b] = pairOf(n, 1.3, 1);
    const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / n;
    const ratio = mean(a) / mean(b);
    const rest = a.map((value, u) => value - ratio * b[u]!);
    const error = sqrt(mean(rest.map((value) => value * value)) / n) / mean(b);
    const [result] = ratioBootstrap([[a, b]], { resamples: 4000 });
    expect(result!.ratio).toBeCloseTo(ratio - 1, 12);
    expect((ratio - 1 - result!.low) / error).toBeCloseTo(1.96, 0);
    expect(Math.abs((result!.high - result!.low) / (2 * 1.96 * error) - 1)).toBeLessThan(0.05);
  });

  it('95% intervals have the ratio inside nineteen times of twenty', () => {
    let inside = 0;
    for (let trial = 0; trial < 200; trial++) {
      const [result] = ratioBootstrap([pairOf(80, 1.2, 10 + trial)], { resamples: 300, seed: trial });
      if (result!.low <= 0.2 && result!.high >= 0.2) inside++;
    }
    expect(inside).toBeGreaterThan(178);
    expect(inside).toBeLessThan(199);
  });

  it('pairs do not change each other, and users without anything count', () => {
    const [first, second] = [pairOf(30, 1.1, 300), pairOf(30, 0.9, 301)];
    const options = { resamples: 100 } as const;
    const both = ratioBootstrap([first, second], options);
    expect(both).toEqual([ratioBootstrap([first], options)[0], ratioBootstrap([second], options)[0]]);
    const [wider] = ratioBootstrap(
      [[Float64Array.of(...first[0], ...new Float64Array(30)), Float64Array.of(...first[1], ...new Float64Array(30))]],
      options,
    );
    expect(wider!.ratio).toBeCloseTo(both[0]!.ratio, 12);
  });

  it('there is no ratio to nothing', () => {
    expect(
      ratioBootstrap(
        [
          [
            [1, 2],
            [0, 0],
          ],
        ],
        { resamples: 10 },
      ),
    ).toEqual([undefined]);
    // One user of forty has something: many resamples miss them, and do not count.
    const b = new Float64Array(40);
    b[3] = 2;
    const [result] = ratioBootstrap([[b.map((value) => 2 * value), b]], { resamples: 50 });
    expect(result).toEqual({ ratio: 1, low: 1, high: 1 });
    for (let seed = 1; seed < 8; seed++)
      for (const one of ratioBootstrap([[b, b]], { resamples: 1, seed })) expect([undefined, 0]).toContain(one?.ratio);
  });
});

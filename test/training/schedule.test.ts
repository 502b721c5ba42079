import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scheduleFactor, stepProgress } from '../../src/training/epochs.ts';

const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const warmup = fc.double({ min: 0, max: 0.99, noNaN: true });

describe('scheduleFactor', () => {
  it('is half a cosine from 1 to the final fraction', () => {
    const cosine = { name: 'cosine', warmup: 0, final: 0.1 } as const;
    expect(scheduleFactor(cosine, 0)).toBe(1);
    expect(scheduleFactor(cosine, 1 / 3)).toBeCloseTo(0.1 + 0.9 * ((1 + Math.cos(Math.PI / 3)) / 2), 12);
    expect(scheduleFactor(cosine, 1 / 2)).toBeCloseTo((1 + 0.1) / 2, 12);
    expect(scheduleFactor(cosine, 1)).toBeCloseTo(0.1, 12);
  });

  it('rises linearly during the warm-up, then runs the whole curve', () => {
    const schedule = { name: 'cosine', warmup: 0.2, final: 0 } as const;
    expect(scheduleFactor(schedule, 0.05)).toBeCloseTo(0.05 / 0.2, 12);
    expect(scheduleFactor(schedule, 0.2)).toBe(1);
    expect(scheduleFactor(schedule, 0.2 + 0.8 / 2)).toBeCloseTo(1 / 2, 12);
    expect(scheduleFactor({ ...schedule, name: 'constant' }, 0.7)).toBe(1);
  });

  it('stays in [0, 1], and falls after the warm-up', () => {
    fc.assert(
      fc.property(warmup, fraction, fraction, fraction, (w, final, a, b) => {
        const schedule = { name: 'cosine', warmup: w, final } as const;
        const [early, late] = [Math.min(a, b), Math.max(a, b)].map((p) => scheduleFactor(schedule, p)) as [
          number,
          number,
        ];
        expect(early).toBeGreaterThanOrEqual(0);
        expect(early).toBeLessThanOrEqual(1);
        if (Math.min(a, b) >= w) expect(late).toBeLessThanOrEqual(early + 1e-12);
      }),
    );
  });
});

describe('stepProgress', () => {
  it('is the middle of the step, so that no learning rate is 0', () => {
    expect([0, 1, 2, 3].map((step) => stepProgress(step, 4))).toEqual([1 / 8, 3 / 8, 5 / 8, 7 / 8]);
  });
});

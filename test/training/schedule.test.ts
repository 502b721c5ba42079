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

  it('is constant, then linear to the final fraction over the last two fifths: a cooldown', () => {
    const schedule = { name: 'cooldown', warmup: 0.2, final: 0.1 } as const;
    // q = (p − .2)/.8 is .6 at p = .68, and .8, half of the way down, at p = .84
    for (const p of [0.2, 0.5, 0.68]) expect(scheduleFactor(schedule, p)).toBeCloseTo(1, 12);
    expect(scheduleFactor(schedule, 0.84)).toBeCloseTo((1 + 0.1) / 2, 12);
    expect(scheduleFactor(schedule, 1)).toBeCloseTo(0.1, 12);
  });

  it('stays in [0, 1], and never rises after the warm-up', () => {
    const names = fc.constantFrom('constant' as const, 'cosine' as const, 'cooldown' as const);
    fc.assert(
      fc.property(names, warmup, fraction, fraction, fraction, (name, w, final, a, b) => {
        const schedule = { name, warmup: w, final };
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

import { describe, expect, test } from 'vitest';
import type { Loss } from '../../src/loss/loss.ts';
import { createLoss, lossNames } from '../../src/loss/losses.ts';
import { checkGradients } from '../../src/studio/local/check-gradients.ts';

/** Losses whose gradients hold weights or thresholds constant, as their papers have them, so that they are not those of their values. */
const approximate: readonly string[] = ['dsl', 'slatk'];

describe('the check of a typed loss', () => {
  test.each(lossNames.filter((name) => !approximate.includes(name)))('built-in losses pass: %s', (name) => {
    const check = checkGradients(createLoss({ name }));
    expect(check.problems).toEqual([]);
    expect(check).toMatchObject({ name, passed: true });
  });

  test.each(approximate)('%s holds something constant, and does not pass', (name) => {
    const { passed, problems } = checkGradients(createLoss({ name }));
    expect(passed).toBe(false);
    for (const problem of problems) expect(problem).toContain('by differences');
  });

  test.each([
    // No weights of negatives and one temperature: the softmax loss.
    { name: 'dsl', options: { hardness: 0, similarity: 0, competition: 0 } },
    // Every positive weighs one half, whatever the threshold.
    { name: 'slatk', options: { tauWeight: Infinity } },
  ])('without what it holds constant it passes: $name', (loss) => {
    expect(checkGradients(createLoss(loss as never))).toMatchObject({ passed: true, problems: [] });
  });

  const sl = createLoss({ name: 'sl' });
  const changed = (change: (loss: Loss, ...args: Parameters<Loss['evaluate']>) => number): Loss => ({
    name: 'changed',
    parameters: {},
    allowsDotScores: true,
    evaluate: (...args) => change(sl, ...args),
  });

  test.each([
    [
      'a gradient of the wrong sign',
      'by differences',
      changed((loss, s, g, c) => {
        const value = loss.evaluate(s, g, c);
        g.positives[0] = -g.positives[0]!;
        return value;
      }),
    ],
    [
      'a gradient that is not written',
      'was not written',
      changed((loss, s, g, c) => {
        const own = { positives: g.positives.slice(), negatives: g.negatives.slice() };
        return loss.evaluate(s, own, c);
      }),
    ],
    [
      'scores that are changed',
      'changed the scores',
      changed((loss, s, g, c) => {
        const value = loss.evaluate(s, g, c);
        s.negatives[0] = 0;
        return value;
      }),
    ],
    [
      'a value that is no number',
      'expected a finite number',
      changed((loss, s, g, c) => {
        loss.evaluate(s, g, c);
        return Number.NaN;
      }),
    ],
    [
      'a masked negative that counts',
      'masked negative',
      changed((loss, { negativeWeights: _, ...s }, g, c) => loss.evaluate(s, g, c)),
    ],
    [
      'weights of positives that are ignored',
      'no problem',
      changed((loss, { positiveWeights: _, ...s }, g, c) => loss.evaluate(s, g, c)),
    ],
  ])('finds %s', (_, problem, loss) => {
    const { passed, problems } = checkGradients(loss);
    if (problem === 'no problem') expect([passed, problems]).toEqual([true, []]);
    else {
      expect(passed).toBe(false);
      expect(problems.some((one) => one.includes(problem))).toBe(true);
    }
  });
});

import { describe, expect, test } from 'vitest';
import type { Loss } from '../../src/loss/loss.ts';
import { createLoss, lossNames } from '../../src/loss/losses.ts';
import { checkGradients } from '../../src/studio/local/check-gradients.ts';

/** Losses whose gradients are not those of their values, as their papers have them: weights and thresholds count as constants. */
const approximate: readonly string[] = ['dsl', 'slatk'];

describe('the check of a typed loss', () => {
  test.each(lossNames.filter((name) => !approximate.includes(name)))('built-in losses pass: %s', (name) => {
    const check = checkGradients(createLoss({ name }));
    expect(check.problems).toEqual([]);
    expect(check).toMatchObject({ name, passed: true });
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

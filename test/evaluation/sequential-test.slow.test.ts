import { expect, test } from 'vitest';
import { falseAlarms } from './sequential-case.ts';

// The rate of the test is 5% for any number of looks; .5 points are two standard errors of 10,000 runs.
test.each(['conversion', 'click-through'] as const)(
  '%s: of 10,000 tests of equal sides with a look a day at most 5.5%% decide',
  (measure) => {
    expect(falseAlarms(measure, 10_000, 3)).toBeLessThanOrEqual(0.055);
  },
);

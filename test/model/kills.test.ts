import { test } from 'vitest';
import { killMoments } from '../support/property-seed.ts';
import { survivesKills } from './kill-case.ts';

const { moments, title, timeout } = killMoments(4, 40);

test(
  `a kill during a save leaves one whole model: the short form of kills.slow.test.ts (${title})`,
  () => survivesKills(moments),
  timeout,
);

import { test } from 'vitest';
import { killMoments } from '../support/property-seed.ts';
import { survivesKills } from './kill-case.ts';

const { moments, title, timeout } = killMoments(10, 40);

test(
  `a kill during a save leaves one whole model, files of the user and nothing else (${title})`,
  () => survivesKills(moments),
  timeout,
);

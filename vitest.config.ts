import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Where the real data sets are: $TAUREC_DATA, else the folder beside the checkout, else nowhere (tests that need them say that they are skipped). */
const dataFolder = resolve(import.meta.dirname, process.env.TAUREC_DATA || '../shared/data');
/** Continuous integration asks for the counts in a file, beside the summary that a person reads. */
const report = process.env.TAUREC_TEST_REPORT;

/** Tests import `src/…ts` by type and run `dist/…js`, the files that ship: worker threads and tests then share one build. */
export default defineConfig({
  resolve: { alias: [{ find: /^(.*\/)src\/(.*)\.ts$/, replacement: `${import.meta.dirname}/dist/$2.js` }] },
  test: {
    include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
    setupFiles: ['test/support/property-seed.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Many tests wait for a program that they started: two at a time use two cores, where vitest by itself would use one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    env: existsSync(dataFolder) ? { TAUREC_DATA: dataFolder } : {},
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});

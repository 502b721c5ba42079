import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The folder of the real data sets: $TAUREC_DATA, else the one next to the checkout. Without either, the tests that need data are skipped and say so. */
const dataFolder = resolve(import.meta.dirname, process.env.TAUREC_DATA || '../shared/data');
/** Continuous integration reads the counts from this file. */
const report = process.env.TAUREC_TEST_REPORT;

/** Tests of kills, browsers and queue servers, and products that are too large for every run: `npm run test:slow`. */
const slow = ['test/**/*.slow.test.ts', 'examples/**/*.slow.test.ts'];
/** Tests that need a process to themselves: one replaces a module of Node, for which vitest itself must load dist/, the other measures the memory of its process. */
const alone = ['test/engine/enable-fused-multiply-add.test.ts', 'test/data/large.test.ts'];

/**
 * Node loads dist/ by itself, and the files that a worker runs share it: vitest would otherwise transform 400 modules again for every file (decision 048).
 * A file that replaces a global (`vi.spyOn`, `vi.stubEnv`, fake timers) puts it back.
 */
const shared = { isolate: false, server: { deps: { external: [/\/dist\//] } } };

/** Tests import `src/…ts` by type and run `dist/…js`, the files that ship: worker threads and tests then share one build. */
export default defineConfig({
  resolve: { alias: [{ find: /^(.*\/)src\/(.*)\.tsx?$/, replacement: `${import.meta.dirname}/dist/$2.js` }] },
  test: {
    setupFiles: ['test/support/property-seed.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // How long `expect.poll` waits for what comes in its own time; by itself a second, which a busy machine exceeds.
    expect: { poll: { timeout: 30_000 } },
    pool: 'forks',
    // Many tests wait for a program that they started: two at a time use two cores, where vitest by itself would use one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    env: existsSync(dataFolder) ? { TAUREC_DATA: dataFolder } : {},
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        extends: true,
        test: {
          ...shared,
          name: 'quick',
          include: ['test/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: [...slow, ...alone],
        },
      },
      { extends: true, test: { name: 'alone', include: alone } },
      { extends: true, test: { ...shared, name: 'slow', include: slow } },
    ],
  },
});

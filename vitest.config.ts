import { defineConfig } from 'vitest/config';

/** Tests import `src/…ts` by type and run `dist/…js`, the files that ship: worker threads and tests then share one build. */
export default defineConfig({
  resolve: { alias: [{ find: /^(.*\/)src\/(.*)\.ts$/, replacement: `${import.meta.dirname}/dist/$2.js` }] },
  test: { include: ['test/**/*.test.ts', 'examples/**/*.test.ts'], testTimeout: 60_000, pool: 'forks' },
});

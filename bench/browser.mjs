/**
 * Times a training in a worker of Chromium beside the same training in Node, on one thread and on two, in turn. Embeddings must be equal to the bit. Needs Chromium ($TAUREC_CHROMIUM, default /usr/bin/chromium).
 *
 *     node bench/browser.mjs [--data movielens-100k] [--epochs 10] [--rounds 7] [--build simd-fma]
 */
import { deepStrictEqual } from 'node:assert';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build as esbuild } from 'esbuild';
import { chromium } from 'playwright-core';
import { enableFusedMultiplyAdd, loadDataset } from '../dist/index.js';
import { timedTraining } from './browser-training.mjs';
import { machine } from './speed/machine.mjs';
import { inTemporaryFolder } from './speed/temporary.mjs';
import { median } from './speed/timing.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: 'movielens-100k' },
    epochs: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '7' },
    build: { type: 'string', default: 'simd-fma' },
  },
});
enableFusedMultiplyAdd();
const folder = join(process.env.TAUREC_DATA ?? '../shared/data', values.data);
const { train } = await loadDataset({ train: join(folder, 'train.tsv.gz') });
const rows = Array.from({ length: train.rows }, (_, u) =>
  Array(train.offsets[u + 1] - train.offsets[u]).fill(u),
).flat();
const pairs = { users: train.rows, items: train.columns, rows, columns: Array.from(train.indices) };
const { outputFiles } = await esbuild({
  stdin: {
    contents: "import { timeOnMessage } from './browser-training.mjs'; timeOnMessage();",
    resolveDir: import.meta.dirname,
  },
  bundle: true,
  format: 'esm',
  platform: 'browser',
  tsconfigRaw: '{}',
  write: false,
});
const server = createServer((request, response) => {
  const program = request.url === '/worker.js';
  response.setHeader('cross-origin-opener-policy', 'same-origin');
  response.setHeader('cross-origin-embedder-policy', 'require-corp');
  response.setHeader('content-type', program ? 'text/javascript' : 'text/html');
  response.end(program ? outputFiles[0].text : '<!doctype html>');
});
await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(undefined)));
const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

await inTemporaryFolder(async (profile) => {
  const executablePath = process.env.TAUREC_CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath,
    args: ['--no-sandbox', '--disable-gpu'],
  });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    /** @param {import('../dist/index.js').TrainConfigInput} config @returns {ReturnType<typeof timedTraining>} */
    const inPage = (config) =>
      page.evaluate(
        async ([pairs, config]) => {
          const worker = new Worker('/worker.js', { type: 'module' });
          worker.postMessage([pairs, config]);
          const { data } = await new Promise((answered, failed) => {
            worker.onmessage = answered;
            worker.onerror = failed;
          });
          worker.terminate();
          return data;
        },
        /** @type {const} */ ([pairs, config]),
      );
    const cases = [1, 2].flatMap((threads) =>
      ['Node', 'Chromium'].map((place) => ({
        name: `${place}, ${threads} thread${threads === 1 ? '' : 's'}`,
        threads,
        /** @param {import('../dist/index.js').TrainConfigInput} config */
        run: (config) => (place === 'Node' ? timedTraining(pairs, config) : inPage(config)),
        /** @type {number[]} */
        seconds: [],
      })),
    );
    /** @type {number[] | undefined} */
    let expected;
    // the first round is not counted
    for (let round = -1; round < Number(values.rounds); round++) {
      for (const { name, threads, run, seconds } of cases) {
        const build = /** @type {'simd' | 'simd-fma'} */ (values.build);
        const result = await run({ epochs: Number(values.epochs), seed: 1, threads, build });
        if (result.engine.threads !== threads) throw new Error(`${name}: got ${result.engine.threads} threads`);
        expected ??= result.first;
        deepStrictEqual(result.first, expected);
        if (round >= 0) seconds.push(result.seconds);
      }
    }
    console.log(JSON.stringify({ ...machine(), chromium: await page.evaluate(() => navigator.userAgent) }));
    for (const { name, seconds } of cases) console.log(`${name}: ${spread(seconds)} s`);
    for (const [one, other] of [
      [1, 0],
      [3, 2],
      [3, 1],
      [2, 0],
    ].map((pair) => pair.map((at) => cases[at]))) {
      const ratios = one.seconds.map((seconds, round) => seconds / other.seconds[round]);
      console.log(`${one.name} / ${other.name}: ${spread(ratios)}`);
    }
  } finally {
    await browser.close();
    server.close();
  }
});

/** Median, least and greatest. @param {readonly number[]} all */
function spread(all) {
  const [middle, least, greatest] = [median(all), Math.min(...all), Math.max(...all)].map((one) => one.toFixed(2));
  return `${middle} (${least}–${greatest})`;
}

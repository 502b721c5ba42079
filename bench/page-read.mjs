/**
 * Rows per second of the reader for browsers, on a log of the size of MovieLens-1M (1,000,209 rows of user, item, rating and time): as CSV and as gzip, in Node over Blobs and, where there is one, in a worker
 * of Chromium; beside Node's own reader of the same files.
 *
 *     npm run build && node bench/page-read.mjs
 */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { readInteractions as readInPage } from '../dist/browser.js';
import { readInteractions, syntheticDataset } from '../dist/index.js';
import { inTemporaryFolder } from './speed/temporary.mjs';

const rows = 1_000_209;
const chromiumPath = process.env.TAUREC_CHROMIUM ?? '/usr/bin/chromium';

/** @param {(round: number) => Promise<unknown>} work @returns {Promise<number>} the best of three times, in seconds */
async function best(work) {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    await work(round);
    least = Math.min(least, (performance.now() - start) / 1000);
  }
  return least;
}

const { train } = syntheticDataset({ users: 6040, items: 3706, interactions: rows, testRatio: 0, seed: 1 });
let text = 'userId,movieId,rating,timestamp\n';
for (let user = 0; user < train.rows; user++)
  for (let e = train.offsets[user]; e < train.offsets[user + 1]; e++)
    text += `${user + 1},${train.indices[e] + 1},${1 + (e % 5)},${956_703_932 + (e % 90_000_000)}\n`;
/** @type {Readonly<Record<string, Buffer<ArrayBuffer>>>} */
const files = { 'log.csv': Buffer.from(text), 'log.csv.gz': Buffer.from(gzipSync(text)) };

/** Seconds in a worker of Chromium. @param {string} name @returns {Promise<number>} */
async function inChromium(name) {
  const worker = `import { readInteractions } from 'taurec/browser';
    onmessage = async ({ data }) => {
      let least = Infinity;
      for (let round = 0; round < 3; round++) {
        const start = performance.now();
        await readInteractions(data);
        least = Math.min(least, (performance.now() - start) / 1000);
      }
      postMessage(least);
    };`;
  const { outputFiles } = await build({
    stdin: { contents: worker, resolveDir: import.meta.dirname },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    minify: true,
    write: false,
    tsconfigRaw: '{}',
  });
  const server = createServer(({ url }, response) => {
    if (url === '/worker.js') response.setHeader('content-type', 'text/javascript').end(outputFiles[0].text);
    else if (url === '/file') response.end(files[name]);
    else response.setHeader('content-type', 'text/html').end('<!doctype html>');
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', () => listening(undefined)));
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    await page.goto(`http://127.0.0.1:${port}`);
    return await page.evaluate(async (own) => {
      const file = new File([await (await fetch('/file')).blob()], own);
      const runner = new Worker('/worker.js', { type: 'module' });
      const answer = new Promise((resolve) => {
        runner.onmessage = ({ data }) => resolve(data);
      });
      runner.postMessage(file);
      return answer;
    }, name);
  } finally {
    await browser.close();
    server.close();
  }
}

await inTemporaryFolder(async (folder) => {
  for (const [name, bytes] of Object.entries(files)) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const blob = new Blob([bytes]);
    const seconds = {
      'Node (DuckDB)': await best(() => readInteractions(path)),
      'page reader in Node': await best(() => readInPage({ name, blob })),
      'page reader in Chromium': await inChromium(name).catch(() => undefined),
    };
    for (const [who, time] of Object.entries(seconds))
      console.log(
        name,
        who,
        time === undefined ? 'no Chromium' : `${time.toFixed(2)} s, ${Math.round(rows / time)} rows/s`,
      );
  }
});

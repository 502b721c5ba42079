// A page hands files to a worker, which reads them and trains: the same dataset and model as in Node.

import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadDataset, train } from '../../src/index.ts';
import { parquet, rowsForParquet } from '../data/conformance.ts';
import { file } from '../data/temporary.ts';
import { bundle } from './bundle.ts';
import { chromiumFlags, chromiumMissing, chromiumPath } from './chromium.ts';

describe.skipIf(!chromiumPath)(`in Chromium${chromiumMissing}`, () => {
  let server: Server;
  let browser: Browser;
  let base = '';
  const paths: string[] = [];

  beforeAll(async () => {
    const rows = Array.from({ length: 3000 }, (_, e) => `${(e * 7919) % 97},${(e * e) % 61},${(e % 9) / 2}`);
    paths.push(file('log.csv.gz', gzipSync(`user,item,rating\n${rows.join('\n')}\n`)));
    paths.push(await parquet('log.parquet', rowsForParquet));
    const { code } = await bundle("export * from './modules/reading-worker.mjs';");
    server = createServer(({ url = '' }, response) => {
      const path = paths.find((one) => url === `/${basename(one)}`);
      if (url === '/worker.js') response.setHeader('content-type', 'text/javascript').end(code);
      else if (path) response.end(readFileSync(path));
      else response.setHeader('content-type', 'text/html').end('<!doctype html>');
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await chromium.launch({ executablePath: chromiumPath!, args: chromiumFlags });
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test.each([0, 1])('file %i is read in a worker and trained on', async (at) => {
    const path = paths[at]!;
    const page = await browser.newPage();
    await page.goto(base);
    const said = await page.evaluate(async (name) => {
      const one = new File([await (await fetch(`/${name}`)).blob()], name);
      const worker = new Worker('/worker.js', { type: 'module' });
      const answer = new Promise<MessageEvent>((resolve, reject) => {
        worker.onmessage = resolve;
        worker.onerror = ({ message }) => reject(new Error(message));
      });
      worker.postMessage(one);
      const { data } = await answer;
      if (data.error) return data;
      const { train, ...others } = data.answer;
      return { ...others, indices: Array.from(train.indices), progress: data.progress, size: one.size };
    }, basename(path));
    const data = await loadDataset({ train: path, split: 'random', seed: 1 });
    const model = await train(data, {
      dimension: 8,
      epochs: 2,
      batch: { rows: 16, negatives: 20 },
      threads: 1,
      build: 'simd',
    });
    expect(said.error).toBeUndefined();
    expect(said).toMatchObject({
      rows: data.reports!.train!.rows,
      sha256: data.sha256,
      users: [...data.users],
      indices: Array.from(data.train.indices),
    });
    expect(said.progress.at(-1)).toBe(said.size);
    expect(said.list.map(({ id }: { id: string }) => id)).toEqual(model.recommend('7', { k: 5 }).map(({ id }) => id));
    await model.close();
    await page.close();
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { saveModel } from '../../src/model/model-directory.ts';
import { randomModel } from '../support/random-model.ts';
import { bundle } from './bundle.ts';
import * as inNode from './modules/neighbor-run.mjs';

// The bundle for browsers, run by Node: what it lacks of a page does not matter to the neighbour term.

const folder = mkdtempSync(join(tmpdir(), 'taurec-browser-neighbors-'));
let inBrowser: typeof inNode;
let address: string;

beforeAll(async () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, i) => `${i}`);
  const ids = { userIds: numbers(20), itemIds: numbers(60) };
  const model = randomModel({ ...ids, neighbors: true, validation: true, biased: true, titles: true, dimension: 6 });
  await saveModel(join(folder, 'model'), model);
  const { code, metafile } = await bundle("export * from './modules/neighbor-run.mjs';");
  expect(Object.keys(metafile.inputs).some((path) => path.endsWith('dist/browser.js'))).toBe(true);
  writeFileSync(join(folder, 'bundle.mjs'), code);
  inBrowser = await import(/* @vite-ignore */ pathToFileURL(join(folder, 'bundle.mjs')).href);
  const server = createServer((request, response) => response.end(readFileSync(join(folder, request.url!))));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`;
  return () => {
    server.close();
    rmSync(folder, { recursive: true });
  };
}, 60_000);

describe.each([{ engine: 'wasm', build: 'simd' }, { engine: 'reference' }] as const)('$engine', (options) => {
  test('a model with a neighbour term, by its address: the lists and the reasons of Node', async () => {
    const expected = await inNode.openAndAsk(join(folder, 'model'), { ...options, threads: 1 });
    expect(await inBrowser.openAndAsk(address, { ...options, threads: 1 })).toEqual(expected);
    const parts = expected.list.flatMap(({ because }) => because!.items.map(({ neighbor }) => neighbor));
    expect(parts.some((part) => part !== 0)).toBe(true);
  });

  test('training makes the same term, and gives the same lists and reasons', async () => {
    const expected = await inNode.trainAndAsk(options);
    expect(await inBrowser.trainAndAsk(options)).toEqual(expected);
    expect(expected.votes!.length).toBeGreaterThan(0);
  });
});

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createSampler } from '../../src/sampler/create-sampler.ts';
import { loadSampler } from '../../src/sampler/load-sampler.ts';
import { configToJson, parseTrainConfig } from '../../src/training/config.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { learnsCheckerboard } from '../contracts/checkerboard.ts';
import { errorOf, rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';
import { FirstItems, oneUser } from './modules/samplers.mjs';

const module = fileURLToPath(new URL('modules/samplers.mjs', import.meta.url));
const board = checkerboard(24, 20);

test('a custom pool by module and as an object trains the same model; the object keeps to the caller’s thread', async () => {
  const config = { ...smallConfig, engine: 'wasm', threads: 2 } as const;
  const byModule = await trainEmbeddings(board, {
    ...config,
    batch: { rows: 8, negatives: 5, pool: { module, export: 'FirstItems' } },
  });
  const events: TrainEvent[] = [];
  const bare = await trainEmbeddings(
    board,
    { ...config, batch: { rows: 8, negatives: 5, pool: new FirstItems() } },
    { onProgress: (event) => void events.push(event) },
  );
  expect(events).toContainEqual({ type: 'notice', message: expect.stringContaining('Pool first-items is an object') });
  expectSameModel(bare, byModule);
  expect(bare.engine.threads).toBe(2);
});

learnsCheckerboard('a custom sampler', { batch: { sampler: oneUser() } });

test('a custom pool that draws an item twice is refused', async () => {
  const sampler = await loadSampler(
    board.train,
    { negatives: 5, pool: { module, export: 'FirstItems', options: { repeat: true } } },
    1,
  );
  sampler.startEpoch(0);
  expect(errorOf(() => sampler.batch(0))).toMatchObject({ code: 'bad-option', facts: { got: 'item 0 twice' } });
});

test('a module needs loadSampler, and must export a pool', async () => {
  expect(() => createSampler(board.train, { pool: { module } }, 1)).toThrow('Use loadSampler');
  expect((await rejectionOf(loadSampler(board.train, { pool: { module, export: 'none' } }, 1))).code).toBe(
    'unknown-name',
  );
  expect((await rejectionOf(loadSampler(board.train, { pool: { module: './no.mjs' } }, 1))).code).toBe(
    'sampler-module',
  );
  expect((await rejectionOf(loadSampler(board.train, { pool: { module, export: 'oneUser' } }, 1))).code).toBe(
    'bad-option',
  );
  expect(() => parseTrainConfig({ batch: { pool: { openPool: 3 } } })).toThrow('Option batch.pool');
});

test('the configuration names a custom pool and sampler as they were given', () => {
  const batch = {
    pool: { module, export: 'FirstItems', options: {} },
    sampler: { module, export: 'oneUser', options: {} },
  };
  expect(configToJson(parseTrainConfig({ batch })).batch).toMatchObject(batch);
  expect(parseTrainConfig(configToJson(parseTrainConfig({ batch }))).batch).toMatchObject(batch);
});

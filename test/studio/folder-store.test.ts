import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderStore } from '../../src/studio/server/folder-store.ts';
import { StudioFolder } from '../../src/studio/server/studio-folder.ts';
import type { BegunRun } from '../../src/studio/workbench/host.ts';
import { rejectionOf } from '../support/error-of.ts';
import { folderWith } from './studio.ts';

test('openings that are counted at the same time are all counted', async () => {
  const folder = folderWith('openings', { 'models/keep.txt': '' });
  const store = folderStore(await StudioFolder.open(folder));
  const counts = await Promise.all(Array.from({ length: 8 }, () => store.countOpening('data')));
  expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  expect(await folderStore(await StudioFolder.open(folder)).opened('data')).toBe(8);
});

test('counts that cannot be read are not taken for none', async () => {
  const folder = folderWith('damaged-openings', { 'models/keep.txt': '' });
  const store = folderStore(await StudioFolder.open(folder));
  writeFileSync(join(folder, 'models/studio-openings.json'), '{"data": 3');
  expect(await rejectionOf(store.opened('data'))).toMatchObject({ code: 'damaged-file' });
  expect(await rejectionOf(store.countOpening('data'))).toMatchObject({ code: 'damaged-file' });
});

/** A run as it is written down. */
const begun = (id: string, state: 'waiting' | 'interrupted' = 'waiting'): BegunRun => ({
  info: { ...{ id, name: 'mine', state, config: {}, epoch: 0, epochs: 3, history: [], opened: 0 } },
  data: { key: 'key', source: 'log.csv' },
});
const storeOf = async (folder: string) => folderStore(await StudioFolder.open(folder));
/** The lock of another process that runs. */
const lockElsewhere = (folder: string) =>
  writeFileSync(join(folder, 'models/lock'), JSON.stringify({ pid: process.ppid, host: hostname() }));

test('a run whose model could not be saved has no other files in its folder after its test part was opened', async () => {
  const folder = folderWith('unsaved');
  const store = await storeOf(folder);
  await store.begin(begun('run-1'));
  await store.describe({ ...begun('run-1').info, state: 'done', opened: 1 });
  expect(readdirSync(join(folder, 'models/run-1'))).toEqual(['checkpoint-run.json']);
  store.release();
});

test('a run that another studio has trained, or removed, since the folder was read is not resumed', async () => {
  const folder = folderWith('stale');
  const first = await storeOf(folder);
  for (const id of ['run-1', 'run-2', 'run-3']) await first.begin(begun(id));
  first.release();
  const stale = await storeOf(folder);
  expect((await stale.runs()).begun).toHaveLength(3);
  writeFileSync(join(folder, 'models/run-1/config.json'), '{}');
  rmSync(join(folder, 'models/run-2'), { recursive: true });
  const error = await rejectionOf(stale.begin(begun('run-1', 'interrupted')));
  expect(error).toMatchObject({ code: 'bad-option', message: expect.stringContaining('another session has trained') });
  expect(await rejectionOf(stale.begin(begun('run-2', 'interrupted')))).toMatchObject({ code: 'unknown-name' });
  expect(readdirSync(join(folder, 'models'))).not.toContain('run-2');
  await stale.begin(begun('run-3', 'interrupted'));
  stale.release();
});

test('a run without a model is neither resumed nor removed while another studio trains in the folder', async () => {
  const folder = folderWith('in-work');
  const first = await storeOf(folder);
  await first.begin(begun('run-1'));
  first.release();
  const stale = await storeOf(folder);
  lockElsewhere(folder);
  for (const act of [() => stale.begin(begun('run-1', 'interrupted')), () => stale.remove('run-1')])
    expect(await rejectionOf(act())).toMatchObject({ code: 'folder-in-use' });
  expect(readdirSync(join(folder, 'models/run-1'))).toEqual(['checkpoint-run.json']);
  // A model is nobody's work.
  mkdirSync(join(folder, 'models/run-2'));
  writeFileSync(join(folder, 'models/run-2/config.json'), '{}');
  await stale.remove('run-2');
  expect(readdirSync(join(folder, 'models')).sort()).toEqual(['lock', 'run-1']);
});

test('only what the holder of the lock trains is in work elsewhere; what others left, or it let go, is interrupted', async () => {
  const folder = folderWith('elsewhere');
  const left = await storeOf(folder);
  await left.begin(begun('run-1'));
  left.release();
  lockElsewhere(folder);
  const trainer = readFileSync(join(folder, 'models/lock'), 'utf8');
  for (const [id, entry] of Object.entries({ 'run-2': { ...begun('run-2'), trainer }, 'run-3': begun('run-3') })) {
    mkdirSync(join(folder, 'models', id));
    writeFileSync(join(folder, 'models', id, 'checkpoint-run.json'), JSON.stringify(entry));
  }
  const store = await storeOf(folder);
  const { begun: found, elsewhere } = await store.runs();
  expect(found.map(({ info }) => info.id)).toEqual(['run-1', 'run-3']);
  expect(elsewhere).toEqual(['mine (run-2), by another studio of this folder']);
  rmSync(join(folder, 'models/lock'));
  expect((await store.runs()).begun).toHaveLength(3);
});

test('a run that is let go is held by nobody', async () => {
  const folder = folderWith('let-go');
  const store = await storeOf(folder);
  await store.begin(begun('run-1'));
  const path = join(folder, 'models/run-1/checkpoint-run.json');
  expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveProperty('trainer');
  expect(await store.letGo(begun('run-1'))).toMatchObject({ epoch: 0, history: [] });
  expect(JSON.parse(readFileSync(path, 'utf8'))).not.toHaveProperty('trainer');
  store.release();
});

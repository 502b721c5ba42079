import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { visible } from '../../src/cli/output.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { randomModel } from '../support/random-model.ts';
import { fails, file, folder, json, quick, taurec, writeData } from './taurec.ts';

const save = (name: string, options: Parameters<typeof randomModel>[0] = {}) =>
  saveModel(join(folder, name), randomModel(options));

beforeAll(() => void writeData());

test('info --check prints the state of every file', async () => {
  await taurec('train', 'train.csv', '--split', 'random', '--out', 'whole', ...quick);
  const { code, stdout, stderr } = await taurec('info', 'whole', '--check');
  expect([code, stderr]).toEqual([0, 'The model is whole.\n']);
  for (const name of ['config.json', 'embeddings', 'ids', 'seen', 'training', 'test.csv']) {
    expect(stdout).toMatch(new RegExp(`^${name}\\S* +[\\d,]+ +whole$`, 'm'));
  }
  const path = join(folder, 'whole/training.safetensors');
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(path, bytes);
  const damaged = await taurec('info', 'whole', '--check');
  expect(damaged.code).toBe(1);
  expect(damaged.stdout).toMatch(/^training.safetensors +[\d,]+ +damaged +its SHA-256 is/m);
  expect(damaged.stderr).toMatch(/^taurec: whole: 1 of 7 files cannot be used: training.safetensors: its SHA-256 is/);
  const machine = await taurec('info', 'whole', '--check', '--json');
  expect(machine.code).toBe(1);
  expect(JSON.parse(machine.stdout)).toMatchObject({ model: 'whole', whole: false, digests: true });
  expect(JSON.parse(machine.stderr)).toMatchObject({
    code: 'damaged-model',
    facts: { files: ['training.safetensors'] },
  });
  await fails(2, /--check needs a model folder; train.csv is none/, 'info', 'train.csv', '--check');
});

test('info --check says that a model of an earlier version carries no digests', async () => {
  await save('early');
  const path = join(folder, 'early/config.json');
  const { files: _files, digest: _digest, ...config } = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify(config));
  const { code, stdout, stderr } = await taurec('info', 'early', '--check');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^embeddings.safetensors +[\d,]+ +no digest$/m);
  expect(stderr).toMatch(/early carries no digests: an earlier version wrote it/);
});

test('a split that is gone takes its test part along', async () => {
  await taurec('train', 'train.csv', '--split', 'random', '--out', 'twice', ...quick);
  expect(statSync(join(folder, 'twice/test.csv')).isFile()).toBe(true);
  await taurec('train', 'train.csv', '--out', 'twice', ...quick);
  expect(statSync(join(folder, 'twice/test.csv'), { throwIfNoEntry: false })).toBeUndefined();
  expect((await taurec('info', 'twice', '--check')).code).toBe(0);
});

test.each(['info', 'recommend'])('%s recovers a model that was left half-renamed', async (command) => {
  const name = `half-${command}`;
  await save(name);
  // 2³¹ − 2: above the greatest process id.
  renameSync(join(folder, name), join(folder, `${name}.2147483646-00000000.tmp`));
  if (command === 'info') expect(await json('info', name)).toMatchObject({ format: 'taurec-model' });
  else expect((await taurec('recommend', name, '--user', 'u1')).code).toBe(0);
  expect(statSync(join(folder, name)).isDirectory()).toBe(true);
});

test('control characters of ids and titles are shown escaped', async () => {
  const odd = ['\u001b]0;title\u0007', 'a\nb', '\u009b31mred', '\u202edcba', 'tab\there', 'plain é日本'];
  await save('odd', { userIds: ['u\u001b[2J', 'u1'], itemIds: odd, density: 0 });
  const { stdout } = await taurec('recommend', 'odd', '--user', 'u\u001b[2J', 'u1');
  expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  for (const shown of [
    '\\u001b]0;title\\u0007',
    'a\\nb',
    '\\u009b31mred',
    '\\u202edcba',
    'tab\\there',
    'plain é日本',
    'User u\\u001b[2J',
  ]) {
    expect(stdout).toContain(shown);
  }
  const machine = await taurec('recommend', 'odd', '--user', 'u1', '--json');
  expect(machine.stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  expect(
    JSON.parse(machine.stdout)
      .items.map(({ id }: { id: string }) => id)
      .sort(),
  ).toEqual([...odd].sort());
  const unknown = await taurec('recommend', 'odd', '--user', 'x\u001b[2J\u009b1m');
  expect(unknown.stderr).not.toMatch(/[^\P{Cc}\n]/u);
  expect(visible('a\u0000\u007f\u2028')).toBe('a\\u0000\\u007f\\u2028');
});

test.each(['mysql://shop:hidden-word@db/shop', 'postgres ://shop:hidden-word@db/shop', 'shop:hidden-word@db/shop'])(
  'the password of %s appears nowhere',
  async (place) => {
    for (const args of [
      ['train', place, '--out', 'never'],
      ['info', place],
      ['info', place, '--json'],
      ['update', 'whole', '--data', place],
      ['serve', 'whole', '--feedback', place, '--debug'],
      ['train', 'train.csv', '--train', place],
    ]) {
      const { code, stdout, stderr } = await taurec(...args);
      expect(code).not.toBe(0);
      expect(`${stdout}${stderr}`, args.join(' ')).not.toContain('hidden-word');
    }
  },
);

test('a custom module that cannot be loaded: the error keeps its facts', async () => {
  file('throws.mjs', 'throw new Error("the licence file is missing");\n');
  file('refuses.mjs', 'export default class { constructor() { throw new Error("tau is too low"); } evaluate() {} }\n');
  for (const [module, reason] of [
    ['./throws.mjs', /the licence file is missing/],
    ['./absent.mjs', /Cannot find module/],
    ['./refuses.mjs', /tau is too low/],
  ] as const) {
    const { code, stderr } = await taurec('train', 'train.csv', '--loss-module', module, '--json', ...quick);
    expect(code).toBe(1);
    const error = JSON.parse(stderr);
    expect(error.code).toBe('loss-module');
    expect(error.facts.module).toContain(module.slice(2));
    expect(error.facts.reason).toMatch(reason);
  }
  rmSync(join(folder, 'throws.mjs'));
});

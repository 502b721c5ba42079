import { chmodSync, cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { dataArguments } from '../../src/training/data-arguments.ts';
import { fails, file, folder, json, quick, start, taurec } from './taurec.ts';

const cases = join(import.meta.dirname, '../data/cases');
cpSync(cases, join(folder, 'cases'), { recursive: true });

describe('sources on the command line', () => {
  test('several files as arguments, a folder, a pattern: info and train', async () => {
    const parts = ['cases/parts/part-00000.csv', 'cases/parts/part-00001.csv'];
    const expected = { users: 40, items: 30, interactions: 383 };
    for (const source of [parts, ['cases/parts'], ['cases/parts/*.csv']]) {
      expect(await json('info', ...source)).toMatchObject(expected);
    }
    const trained = await json('train', ...parts, '--test', 'cases/parts/*1.csv', ...quick);
    expect(trained).toMatchObject({
      model: join('models', 'part-00000'),
      data: { source: [...parts, parts[1]].join(', '), train: 383, test: 183 },
    });
    expect(await json('info', join('models', 'part-00000'))).toMatchObject({ interactions: 383 });
    const folderName = await json('train', 'cases/parts/', ...quick);
    expect(folderName.model).toBe(join('models', 'parts'));
    await fails(
      2,
      /given twice: .*part-00000.csv, .*part-00001.csv and --train x.csv/,
      'train',
      ...parts,
      '--train',
      'x.csv',
    );
  });

  test('standard input: a pipe, and none', async () => {
    const { child, done } = start(['info', '-', '--json']);
    child.stdin!.end(readFileSync(join(cases, 'array.json')));
    const { code, stdout } = await done;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ source: 'standard input', interactions: 383 });
  });

  test('kinds of events and signed quantities are reported', async () => {
    const info = await taurec('info', 'cases/event-kinds.csv', '--event-weights', 'view=0.2,transaction=1');
    expect(info.stderr).toContain('Kinds of events: view 230 × 0.2, addtocart 79 left out, transaction 74.');
    expect(await json('info', 'cases/event-kinds.csv', '--event-kinds', 'transaction')).toMatchObject({
      interactions: 74,
    });
    const columns = ['--user', 'customer_id', '--item', 'product_id', '--rating', 'quantity'];
    const orders = await taurec('info', 'cases/orders-with-returns.csv', ...columns, '--sum-ratings');
    expect(orders.stderr).toContain('Dropped 31 pairs whose ratings add up to too little.');
    expect(orders.stdout).toMatch(/interactions +289\n/);
    expect(orders.stdout).toContain('-3 to 3');
    const trained = await json('train', 'cases/event-kinds.csv', '--event-weights', 'view=0.2,transaction=1', ...quick);
    expect(trained.data).toMatchObject({ train: 304 });
  });

  test('titles in Latin-1, with the flag and without', async () => {
    const args = ['train', 'cases/parts', '--titles', 'cases/titles-latin1.item', '--out', 'latin', ...quick];
    await fails(1, /titles-latin1.item, line 1: the byte 0xE9 is not UTF-8.* --encoding latin1/, ...args);
    await json(...args, '--encoding', 'latin1');
    expect(await taurec('recommend', 'latin', '--user', '1', '-k', '2')).toMatchObject({
      stdout: expect.stringContaining('Misérables'),
    });
  });

  test('a table of kinds becomes the flag that gives it', () => {
    expect(dataArguments({ eventWeights: { view: 0.2, buy: 1 }, eventKinds: ['a', 'b'], sumRatings: true })).toEqual([
      ...['--event-weights', 'view=0.2,buy=1', '--event-kinds', 'a,b', '--sum-ratings'],
    ]);
  });
});

describe('what the machine lacks', () => {
  /** Runs where loading DuckDB fails with a message. */
  const withoutDuckDb = async (message: string) => {
    const hook = `const Module = require('node:module');
    const load = Module._load;
    Module._load = (name, ...rest) => {
      if (name === '@duckdb/node-api') throw new Error(${JSON.stringify(message)});
      return load(name, ...rest);
    };`;
    file('without-duckdb.cjs', hook);
    const { done } = start(['info', 'cases/parts', '--json'], {
      NODE_OPTIONS: `--require=${join(folder, 'without-duckdb.cjs')}`,
    });
    const { code, stderr } = await done;
    expect(code).toBe(1);
    return JSON.parse(stderr) as { code: string; message: string };
  };

  test('DuckDB without a library for this platform, or without addresses for it', async () => {
    const absent = await withoutDuckDb("Cannot find module '@duckdb/node-bindings-x/duckdb.node'\nRequire stack:");
    expect(absent.code).toBe('missing-package');
    expect(absent.message).toContain(`npm install @duckdb/node-bindings-${process.platform}-${process.arch}`);
    const limited = await withoutDuckDb('libduckdb.so: failed to map segment from shared object');
    expect(limited.message).toContain('ulimit -v unlimited');
  });

  test('no folder for temporary files', async () => {
    const { code, stderr } = await start(['info', 'cases/parts'], { TMPDIR: join(folder, 'nowhere') }).done;
    expect(code).toBe(1);
    expect(stderr).toMatch(/nowhere: cannot be written: there is no such folder. Set TMPDIR/);
  });

  test('a folder for the model that cannot be written is refused before training', async () => {
    file('a-file', 'text');
    const inFile = await taurec('train', 'cases/parts', '--out', 'a-file/model', ...quick);
    expect(inFile.code).toBe(1);
    expect(inFile.stderr).not.toContain('Training on');
    // Root may write anywhere.
    if (process.getuid?.() === 0) return;
    mkdirSync(join(folder, 'read-only'));
    chmodSync(join(folder, 'read-only'), 0o500);
    const { stderr } = await taurec('train', 'cases/parts', '--out', 'read-only/model', ...quick);
    expect(stderr).toContain('cannot be written: this user has no permission to write there. Choose another folder');
    expect(stderr).not.toContain('Training on');
  });
});

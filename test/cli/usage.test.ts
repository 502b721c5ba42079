import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { logText } from '../support/log-text.ts';
import { fails, file, folder, quick, taurec, writeData } from './taurec.ts';

const { train } = writeData();
const commands = [
  ...[
    'train',
    'update',
    'evaluate',
    'recommend',
    'similar',
    'items',
    'index',
    'compare',
    'export',
    'import',
    'catalogue',
    'compress',
    'info',
  ],
  ...['experiment', 'serve', 'studio', 'forget', 'tune', 'worker', 'generate', 'demo'],
];
const inner = ['recipe list', 'recipe run', 'recipe check'];

describe('help', () => {
  test('names every command', async () => {
    const { code, stdout } = await taurec('--help');
    expect(code).toBe(0);
    for (const command of [...commands, 'recipe', 'completion'])
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'));
  });

  test.each([...commands, ...inner])('%s --help shows an example and --json', async (command) => {
    const { code, stdout, stderr } = await taurec(...command.split(' '), '--help');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`\\$ taurec ${command}`));
    expect(stdout).toContain('--json');
    expect(stderr).toBe('');
  });

  test('help COMMAND is COMMAND --help', async () => {
    expect((await taurec('help', 'train')).stdout).toBe((await taurec('train', '--help')).stdout);
  });

  test('train --help-all states the defaults of the library', async () => {
    const { stdout } = await taurec('train', '--help-all');
    expect(stdout).toMatch(/--dimension <number> +length of the embeddings \(default: 64\)/);
    expect(stdout).toMatch(/--seed/);
    expect(stdout).toMatch(/--threads/);
    expect(stdout).toMatch(/--engine/);
  });

  test('--version prints the version alone', async () => {
    expect((await taurec('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage exits with 2', () => {
  test('no command: the help, on standard error', async () => {
    const { code, stdout, stderr } = await taurec();
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('Usage: taurec');
  });
  test.each<[string, RegExp, string[]]>([
    ['an unknown command', /unknown command 'tarin'/, ['tarin']],
    [
      'an unknown flag, with the nearest',
      /unknown option '--epoch'.*\n.*--epochs/,
      ['train', 'train.csv', '--epoch', '3'],
    ],
    ['no data', /No training data/, ['train']],
    ['data twice', /given twice: train.csv and --train test.csv/, ['train', 'train.csv', '--train', 'test.csv']],
    ['no number', /'abc' is invalid. Expected a whole number/, ['train', 'train.csv', '--epochs', 'abc']],
    [
      'a number out of range',
      /--learning-rate: got -1, expected a number above 0/,
      ['train', 'train.csv', '--learning-rate', '-1'],
    ],
    ['an unknown loss', /Unknown loss "softmax"; known: sl, bsl/, ['train', 'train.csv', '--loss', 'softmax']],
    [
      'an option that the loss has not',
      /option of loss sl "tau1"/,
      ['train', 'train.csv', '--loss', 'sl', '--tau1', '1'],
    ],
    [
      'a temperature of 0',
      /tau: got 0, expected a number above 0/,
      ['train', 'train.csv', '--loss', 'sl', '--tau', '0'],
    ],
    [
      'scores without a bound',
      /score: got "dot"/,
      ['train', 'train.csv', '--loss', 'sl', '--score', 'dot', '--negative-weight', '2'],
    ],
    [
      'a test file and a split',
      /--split cannot be combined with --test\./,
      ['train', 'train.csv', '--test', 'test.csv', '--split', 'random'],
    ],
    [
      'a validation file and a ratio',
      /--valid-ratio cannot be combined with --valid\./,
      ['train', 'train.csv', '--valid', 'valid.csv', '--valid-ratio', '.1'],
    ],
    ['an unknown engine', /Allowed choices are auto, wasm, reference/, ['train', 'train.csv', '--engine', 'cuda']],
    ['no test file', /required option '--test <file>'/, ['evaluate', 'model']],
    ['no user', /exactly one of --user ID/, ['recommend', 'model']],
    ['users twice over', /exactly one of --user ID/, ['recommend', 'model', '--user', 'a', '--all']],
    ['all without a file', /--output FILE/, ['recommend', 'model', '--all']],
    ['neither item nor user', /--item ID or --user ID/, ['similar', 'model']],
    ['trends of nothing', /--by trending needs --feedback/, ['items', 'model', '--by', 'trending']],
    ['an option of another order', /--time cannot be combined with --by popular/, ['items', 'model', '--time', 'x']],
    [
      'a data set that cannot be',
      /--interactions: got 10, expected/,
      ['generate', '--out', 'x', '--users', '10', '--interactions', '10'],
    ],
  ])('%s', async (_, message, args) => {
    await fails(2, message, ...args);
  });
});

describe('failures exit with 1', () => {
  file('empty.csv', '');
  file('header.csv', 'user,item\n');
  file('bad.csv', 'user,item,rating\na,b,5\na,c,five\n');
  mkdirSync(join(folder, 'full'));
  file('full/notes.txt', 'mine');

  test.each<[string, RegExp, string[]]>([
    ['a missing file', /missing\.csv: no such file/, ['train', 'missing.csv']],
    ['a missing test file', /missing\.csv: no such file/, ['train', 'train.csv', '--test', 'missing.csv']],
    ['an empty file', /empty\.csv: the file is empty/, ['train', 'empty.csv']],
    ['a file without rows', /header\.csv: the file has a header and no rows/, ['train', 'header.csv']],
    [
      'a missing column',
      /no column "buyer" for user; the columns are: user, item/,
      ['train', 'train.csv', '--user', 'buyer'],
    ],
    ['a bad row, by its line', /bad\.csv, line 3, column rating: got "five", expected a number/, ['train', 'bad.csv']],
    ['a folder that holds something else', /full: would be overwritten/, ['train', 'train.csv', '--out', 'full']],
    ['a folder that is no model', /full: not a taurec model/, ['recommend', 'full', '--user', 'a']],
    ['a missing model', /nowhere: not a taurec model/, ['evaluate', 'nowhere', '--test', 'test.csv']],
    [
      'a missing loss module',
      /Cannot load loss module ".*none\.mjs"/,
      ['train', 'train.csv', '--loss-module', './none.mjs'],
    ],
    [
      'a result file that is none',
      /titles\.csv: not a usable taurec result file/,
      ['compare', 'titles.csv', 'titles.csv'],
    ],
    ['a missing configuration', /none\.json: no such file/, ['train', 'train.csv', '--config', 'none.json']],
  ])('%s', async (_, message, args) => {
    await fails(1, message, ...args);
  });

  test('nothing is written then', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'bad.csv',
      'empty.csv',
      'full',
      'header.csv',
      'test.csv',
      'titles.csv',
      'train.csv',
      'valid.csv',
    ]);
  });

  test('a loss that explodes is named with step, learning rate and temperature', async () => {
    const flags = [
      '--loss',
      'mse',
      '--optimizer',
      'sgd',
      '--learning-rate',
      '1e6',
      '--schedule',
      'constant',
      '--out',
      'diverged',
    ];
    await fails(
      1,
      /diverged in epoch 1, step \d+.*learning rate 1000000/,
      'train',
      'train.csv',
      ...quick,
      ...flags,
      '-q',
    );
  });

  test('--debug shows the stack', async () => {
    const { code, stderr } = await taurec('info', 'missing.csv', '--debug');
    expect(code).toBe(1);
    expect(stderr).toMatch(/missing\.csv: no such file.*\n {4}at /);
  });
});

test('bad rows are skipped on request, counted and listed', async () => {
  file('some-bad.csv', `${logText(train)},i1\n`);
  const { code, stderr } = await taurec(
    'train',
    'some-bad.csv',
    ...quick,
    '--on-bad-row',
    'skip',
    '--rejects-directory',
    'rejects',
  );
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('Skipped 1 bad row; listed in rejects/some-bad.csv.rejects.csv.');
});

describe('a rating column and no --min-rating', () => {
  const rows = logText(train).trim().split('\n').slice(1);
  const rated = `user,item,rating\n${rows.map((line, at) => `${line},${1 + (at % 5)}`).join('\n')}\n`;
  beforeAll(() => {
    file('rated.csv', rated);
    file('once.csv', `user,item,rating\n${rows.map((line) => `${line},1`).join('\n')}\n`);
  });
  const said = /Ratings go from 1 to 5, and all ([\d,]+) interactions count as positive; --min-rating/;
  const trained = ['train', 'rated.csv', ...quick, '--out', 'rated-model'];

  test.each([
    ['train', trained],
    ['train with a split', [...trained, '--split', 'random', '--valid-ratio', '0.1']],
    ['info', ['info', 'rated.csv']],
  ])('%s says on standard error what counts', async (_, args) => {
    const { stdout, stderr } = await taurec(...args, '--json');
    expect(stderr.match(said)?.[1]).toBe(rows.length.toLocaleString('en-US'));
    expect(Object.keys(JSON.parse(stdout))).not.toHaveLength(0);
  });
  test.each([
    ['with --quiet', [...trained, '--quiet']],
    ['with --min-rating', [...trained, '--min-rating', '3']],
    ['with --no-rating', [...trained, '--no-rating']],
    ['where all ratings are alike', ['info', 'once.csv']],
    ['info --quiet', ['info', 'rated.csv', '--quiet']],
  ])('nothing %s', async (_, args) => {
    const { code, stdout, stderr } = await taurec(...args);
    expect(code, stderr).toBe(0);
    expect(stdout + stderr).not.toMatch(/count as positive/);
  });
});

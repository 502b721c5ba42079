import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';
import { run } from '../../src/cli/run.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { randomModel } from '../support/random-model.ts';
import { screenOf } from './screen.ts';
import { begin, file, folder, quick, taurec, writeData } from './taurec.ts';

vi.setConfig({ testTimeout: 300_000 });
writeData();
const terminal = { columns: 80, rows: 24 };
beforeAll(() => saveModel(join(folder, 'served'), randomModel({ users: 30, items: 60, dimension: 8 })));

/** Waits until a command has written what fits, or is over. */
async function until({ done, stderr }: ReturnType<typeof begin>, holds: (text: string) => boolean) {
  let isOver = false;
  void done.then(() => (isOver = true));
  while (!holds(stderr()) && !isOver) await new Promise((wake) => setTimeout(wake, 5));
}

describe('a bar on 80 columns', () => {
  const bar = {
    label: 'epoch 12/50',
    part: 0.5,
    measure: '50%',
    details: ['loss 0.2500', 'ndcg@20 0.1250 (best)'],
    rate: '1,098,765 interactions/s',
    left: '1 h 15 min left',
  };
  const shownOn = async (columns: number, of: object = bar) => {
    let text = '';
    const progress = new Progress({ isTTY: true, columns, rows: 24, write: (piece) => (text += piece) });
    progress.showBar(of as typeof bar);
    return (await screenOf(text, { columns, rows: 24 }))[0];
  };

  test('keeps rate and time left; details go and the bar shrinks', async () => {
    expect(await shownOn(80)).toMatch(/^epoch 12\/50 █+░+ 50% · 1,098,765 interactions\/s · 1 h 15 min left$/);
    expect(await shownOn(200)).toMatch(/loss 0\.2500 · ndcg@20 0\.1250 \(best\) · 1,098,765 interactions\/s · 1 h/);
  });
  test('a label that leaves no place is cut', async () => {
    const label = `Evaluating ${'評価'.repeat(30)}`;
    expect(await shownOn(80, { ...bar, label })).toMatch(/…? ?50% · 1,098,765 interactions\/s · 1 h 15 min left$/);
  });
});

test('a frame that loses or gains a line shows all of its lines', async () => {
  let text = '';
  const progress = new Progress({ isTTY: true, ...terminal, write: (piece) => (text += piece) });
  for (const frame of [
    ['head', 'one', 'two', 'foot'],
    ['head', 'two', 'foot'],
    ['head', 'one', 'two', 'foot'],
  ]) {
    progress.show(() => frame);
    await new Promise((wake) => setTimeout(wake, 150));
    expect(await screenOf(text, terminal)).toEqual(frame);
  }
  progress.close(() => ['head', 'foot']);
  expect(await screenOf(text, terminal)).toEqual(['head', 'foot']);
});

describe('tune', () => {
  const study = ['tune', 'train.csv', '--valid', 'valid.csv', '--dimension', '8', '--rows', '32', '--threads', '1'];

  test('a live table, cut to the width that is seen', async () => {
    const short = ['--epochs', '10', '--trials', '3', '--rungs', '1', '--search', 'random', '--folder', 'live'];
    const { code, stderr } = await begin([...study, ...short], { terminal }).done;
    expect(code).toBe(0);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences that were cut
    expect(stderr).not.toMatch(/\x1b(?!\[[?\d;]*[A-Za-z])/);
    const heads = stderr.split('\n').filter((line) => line.includes('ndcg@20') && line.includes('trial'));
    expect(heads.length).toBeGreaterThan(0);
    // Nothing of the table is left, the cursor is shown.
    expect((await screenOf(stderr, terminal)).join('\n')).not.toMatch(/^trial +rung/m);
    expect(stderr.lastIndexOf('\x1b[?25h')).toBeGreaterThan(stderr.lastIndexOf('\x1b[?25l'));
  });

  test('Ctrl-C leaves the table of the finished trials', async () => {
    const long = ['--epochs', '60', '--trials', '40', '--rungs', '1', '--search', 'random', '--folder', 'stopped'];
    const begun = begin([...study, ...long, '--jobs', '1'], { terminal });
    await until(begun, (text) => /2 trainings done/.test(text));
    const live = await screenOf(begun.stderr(), terminal);
    const row = live.find((line) => /^ *\d+ +1 +best/.test(line))!;
    expect(row.length).toBeGreaterThan(60);
    expect(live.every((line) => line.length <= 80)).toBe(true);
    begun.stop();
    const { code, stderr } = await begun.done;
    expect(code).toBe(130);
    const lines = await screenOf(stderr, terminal);
    const at = lines.findIndex((line) => /^trial +rung +state +epoch +ndcg@20 +left +options/.test(line));
    expect(at).toBeGreaterThan(0);
    expect(lines[at + 1]).toMatch(/^ *\d+ +1 +best +\d+\/60 +0\.\d{4} +tau/);
    expect(lines.slice(at).join('\n')).toMatch(/done · .*\ntaurec: Stopped on request/);
    expect(lines.slice(at).join('\n')).not.toMatch(/^ *\d+ +1 +\d+%/m);
  });
});

describe('serve', () => {
  test('a terminal: the readable line first, then readable lines; no JSON', async () => {
    const begun = begin(['serve', 'served', '--port', '0', '--threads', '1'], { terminal });
    await until(begun, (text) => text.includes('Ctrl-C stops.'));
    const url = /http:\/\/[\d.:]+/.exec(begun.stderr())![0];
    expect(begun.stderr()).toMatch(/^Serving served at /);
    await fetch(`${url}/v1/users/u1/recommendations?k=3`);
    begun.stop();
    const { code, stderr } = await begun.done;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^\d\d:\d\d:\d\d GET \/v1\/users\/u1\/recommendations 200 /m);
    expect(stderr).not.toMatch(/^\{/m);
  });

  test('no terminal: JSON lines', async () => {
    const begun = begin(['serve', 'served', '--port', '0', '--threads', '1']);
    await until(begun, (text) => text.includes('listening'));
    begun.stop();
    const { code, stderr } = await begun.done;
    expect(code).toBe(0);
    const messages = stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).msg);
    expect(messages).toEqual(['listening', 'closing', 'closed']);
  });
});

describe('errors with --json', () => {
  const failed = async (...args: string[]) => {
    const { code, stdout, stderr } = await taurec(...args, '--json');
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    return { exit: code, ...JSON.parse(lines[0]!) };
  };
  test.each<[string, string[], object]>([
    ['of the library', ['info', 'missing.csv'], { exit: 1, code: 'file-not-found', facts: { file: 'missing.csv' } }],
    [
      'a wrong option',
      ['train', 'train.csv', '--learning-rate', '-1'],
      { exit: 2, code: 'bad-option', facts: { option: '--learning-rate', got: -1 } },
    ],
    ['wrong usage', ['recommend', 'served'], { exit: 2, code: 'usage' }],
    ['an unknown flag', ['train', 'train.csv', '--epoch', '3'], { exit: 2, code: 'usage' }],
    [
      'with a remedy',
      ['recommend', 'served', '--user', 'nobody'],
      { exit: 1, code: 'unknown-id', remedy: expect.stringContaining('--items') },
    ],
  ])('%s', async (_, args, expected) => {
    const error = await failed(...args);
    expect(error).toMatchObject({ message: expect.stringMatching(/\w/), ...expected });
    expect(error.message).not.toMatch(/^(error|taurec):/);
  });
  test('a stopped training says how to resume', async () => {
    const args = ['train', 'train.csv', '--epochs', '100000', '--dimension', '8', '--threads', '1', '--out', 'halted'];
    const begun = begin([...args, '--checkpoint-every', '1', '--json']);
    await until(begun, () => existsSync(join(folder, 'halted/checkpoint.safetensors')));
    begun.stop();
    const { code, stderr } = await begun.done;
    const error = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
    expect([code, error.code]).toEqual([130, 'aborted']);
    expect(error.remedy).toMatch(/^To continue: .*--resume$/);
    expect(error.facts.checkpoint).toContain('checkpoint.safetensors');
  });
});

test('generate --quiet prints nothing', async () => {
  const args = ['generate', '--out', 'made', '--users', '50', '--items', '40', '--interactions', '500'];
  expect(await taurec(...args, '--quiet')).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(existsSync(join(folder, 'made/train.tsv.gz'))).toBe(true);
});

test('the commands that it prints are those that were typed: npx, node or taurec', async () => {
  const args = ['generate', '--out', 'printed', '--users', '50', '--items', '40', '--interactions', '500'];
  expect((await begin(args, { env: { npm_command: 'exec' } }).done).stdout).toMatch(/^Train: {2}npx taurec train /m);
  expect((await begin(args).done).stdout).toMatch(/^Train: {2}node \S*taurec\.js train /m);
  let stdout = '';
  const [out, err] = [{ write: (text: string) => (stdout += text) }, { write: () => true }];
  expect(await run(args, { stdout: out, stderr: err, env: {} })).toBe(0);
  expect(stdout).toMatch(/^Train: {2}taurec train /m);
});

test('"Nothing was held out" only where nothing was', async () => {
  const flags = [...quick, '--quiet', '--out', 'held'];
  const said = async (...more: string[]) => (await taurec('train', 'train.csv', ...flags, ...more)).stdout;
  expect(await said()).toContain('Nothing was held out');
  const validated = await said('--valid', 'valid.csv');
  expect(validated).toMatch(/validation/);
  expect(validated).not.toContain('Nothing was held out');
});

test('heads of tables are bold on a terminal alone', async () => {
  const log = file('few.csv', 'user,item\na,b\nc,b\n');
  const { stdout } = await begin(['info', log], { terminal }).done;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: bold
  expect(stdout).toMatch(/\x1b\[1minteractions of\x1b\[22m/);
  expect((await taurec('info', log)).stdout).not.toContain('\x1b');
});

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { begin, file, folder, json, start } from './taurec.ts';

/** Users enough for many blocks of 1024. */
const users = 20_000;

beforeAll(async () => {
  await json('generate', '--out', '.', '--users', `${users}`, '--items', '2000', '--interactions', '100000');
  const quick = ['--dimension', '4', '--epochs', '1', '--negatives', '50', '--rows', '4000', '--threads', '2'];
  await json('train', 'train.tsv.gz', ...quick, '--out', 'model');
});

/** Interrupts a command as soon as `begun` holds of what it says; gives its exit code and output. */
async function interrupted(args: readonly string[], begun: (stderr: string) => boolean) {
  const { done, stderr, stop } = begin(args);
  let isOver = false;
  void done.then(() => (isOver = true));
  while (!begun(stderr()) && !isOver) await new Promise((wake) => setTimeout(wake, 2));
  stop();
  return done;
}

/** The same with a process and a signal. */
async function killed(args: readonly string[], begun: (stderr: string) => boolean) {
  const { child, done } = start(args);
  let stderr = '';
  child.stderr!.on('data', (text: string) => (stderr += text));
  while (!begun(stderr) && child.exitCode === null) await new Promise((wake) => setTimeout(wake, 2));
  child.kill('SIGINT');
  return done;
}

describe('Ctrl-C exits with 130 and leaves no part of a file', () => {
  test.each([
    ['csv', killed],
    ['jsonl', interrupted],
    ['parquet', interrupted],
  ] as const)('recommend --all, %s', async (format, interrupt) => {
    const args = ['recommend', 'model', '--all', '-k', '100', '--output', `lists.${format}`];
    const mine = () => readdirSync(folder).filter((name) => name.startsWith('lists.'));
    const { code, stdout, stderr } = await interrupt(args, () => mine().length > 0);
    expect(stderr).toMatch(/^taurec: Stopped on request\.$/m);
    expect([code, stdout, mine()]).toEqual([130, '', []]);
  });

  test('evaluate', async () => {
    // A user that the model does not know: that is said before evaluation begins.
    const log = gunzipSync(readFileSync(join(folder, 'test.tsv.gz'))).toString();
    file('strange.tsv', `${log}nobody\t1\n`);
    const flags = ['--protocol', 'both', '--auc', '--baselines', '--per-user', 'result.json'];
    const args = ['evaluate', 'model', '--test', 'strange.tsv', ...flags];
    const { code, stdout, stderr } = await interrupted(args, (text) => text.includes('does not know'));
    expect(stderr).toMatch(/^taurec: Stopped on request\.$/m);
    expect([code, stdout]).toEqual([130, '']);
    expect(existsSync(join(folder, 'result.json'))).toBe(false);
  });
});

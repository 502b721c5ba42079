import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Csr } from '../../src/array/csr.ts';
import { type Output, run } from '../../src/cli/run.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { logText } from '../support/log-text.ts';

/** The built program. */
export const program = resolve(import.meta.dirname, '../../dist/programs/taurec.js');

/** The folder in which a test module runs the program, removed after it. */
export const folder = mkdtempSync(join(tmpdir(), 'taurec-cli-'));
const before = { folder: process.cwd(), data: process.env.TAUREC_DATA };
beforeAll(() => {
  process.chdir(folder);
  delete process.env.TAUREC_DATA;
});
afterAll(() => {
  process.chdir(before.folder);
  if (before.data !== undefined) process.env.TAUREC_DATA = before.data;
  rmSync(folder, { recursive: true, force: true });
});

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment of the program: of this process, but for what would change its answers. */
function environment(env: Record<string, string>): Record<string, string | undefined> {
  const { TAUREC_DATA: _data, TAUREC_DEBUG: _debug, npm_command: _npm, ...rest } = process.env;
  return { ...rest, ...env };
}

/** Starts the program as a process in the folder, for what only a process shows: signals, pipes, its death. `done` holds what it printed and its exit code. */
export function start(
  args: readonly string[],
  env: Record<string, string> = {},
  cwd = '.',
): { child: ChildProcess; done: Promise<Finished> } {
  const child = spawn(process.execPath, [program, ...args], { cwd: join(folder, cwd), env: environment(env) });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const done = new Promise<Finished>((settle, fail) => {
    child.once('error', fail);
    child.once('close', (code) => settle({ code, stdout, stderr }));
  });
  return { child, done };
}

/** A command that runs within this process. */
export interface Begun {
  readonly done: Promise<Finished>;
  /** What it has written so far. */
  stdout(): string;
  stderr(): string;
  /** Does what Ctrl-C does. */
  stop(): void;
}

/** Begins a command within this process, in the folder. `terminal` makes both streams a terminal of this size. */
export function begin(
  args: readonly string[],
  { env = {}, terminal }: { env?: Record<string, string>; terminal?: { columns: number; rows: number } } = {},
): Begun {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr'): Output => ({
    write: (text: string) => {
      written[name] += text;
      return true;
    },
    ...(terminal && { isTTY: true, ...terminal }),
  });
  const controller = new AbortController();
  const io = { stdout: stream('stdout'), stderr: stream('stderr'), env: environment(env), script: program };
  const done = run(args, { ...io, signal: controller.signal }).then((code) => ({ code, ...written }));
  return { done, stdout: () => written.stdout, stderr: () => written.stderr, stop: () => controller.abort() };
}

/** Runs a command to its end, within this process. */
export function taurec(...args: string[]): Promise<Finished> {
  return begin(args).done;
}

/** Runs the program, which must succeed and print one line of JSON and nothing else. */
// biome-ignore lint/suspicious/noExplicitAny: JSON
export async function json(...args: string[]): Promise<any> {
  const { code, stdout, stderr } = await taurec(...args, '--json');
  expect(code, stderr).toBe(0);
  expect(stdout.split('\n')).toHaveLength(2);
  return JSON.parse(stdout);
}

/** Runs the program, which must fail with `code` and one message that fits, without a stack, and with nothing on standard output. */
export async function fails(code: number, message: RegExp, ...args: string[]): Promise<void> {
  const finished = await taurec(...args);
  expect(finished.stderr).toMatch(message);
  expect(finished.stderr).toMatch(/^taurec: /m);
  expect(finished.stderr).not.toMatch(/^ {4}at /m);
  expect(finished.stdout).toBe('');
  expect(finished.code).toBe(code);
}

/** Writes a file into the folder; returns its name. */
export function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

/** A small data set as files of the folder: train.csv, valid.csv, test.csv with ids "u…" and "i…", and titles.csv. */
export function writeData(): {
  readonly users: number;
  readonly items: number;
  readonly train: Csr;
  readonly valid: Csr;
  readonly test: Csr;
} {
  const users = 120;
  const items = 80;
  const options = { users, items, interactions: 2400, seed: 3, validRatio: 0.1, testRatio: 0.2 };
  const { train, valid, test } = syntheticDataset(options);
  for (const [name, matrix] of Object.entries({ train, valid, test })) file(`${name}.csv`, logText(matrix!));
  file('titles.csv', `item,title\n${Array.from({ length: items }, (_, i) => `i${i},"Title, number ${i}"\n`).join('')}`);
  return { users, items, train, valid: valid!, test: test! };
}

/** Flags that make training quick. */
export const quick = ['--epochs', '6', '--dimension', '8', '--threads', '1', '--rows', '32'];

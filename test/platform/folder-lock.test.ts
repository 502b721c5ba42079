import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockFolder } from '../../src/platform/folder-lock.ts';
import { folder } from '../data/temporary.ts';
import { errorOf } from '../support/error-of.ts';

/** The id of a process that is no longer there. */
const gone = Number(execFileSync(process.execPath, ['-p', 'process.pid']));

test('a folder is held by one at a time, and free again afterwards', () => {
  const at = join(folder, 'held', 'deep');
  const release = lockFolder(at);
  const error = errorOf(() => lockFolder(at));
  expect([error.code, error.facts.pid]).toEqual(['folder-in-use', process.pid]);
  lockFolder(join(folder, 'another'))();
  release();
  expect(readdirSync(at)).toEqual([]);
  lockFolder(at)();
});

test.each([
  ['a process that is gone', true, JSON.stringify({ pid: gone, host: hostname() })],
  ['an earlier process of the same id', true, JSON.stringify({ pid: process.pid, host: hostname() })],
  ['nobody that can be read', true, '{"pid":'],
  ['a process that is there', false, JSON.stringify({ pid: process.ppid, host: hostname() })],
  ['a process of another machine', false, JSON.stringify({ pid: gone, host: `not-${hostname()}` })],
] as const)('the lock of %s: taken over %s', (name, taken, content) => {
  const at = join(folder, name);
  mkdirSync(at);
  writeFileSync(join(at, 'lock'), content);
  if (taken) lockFolder(at)();
  else expect(errorOf(() => lockFolder(at)).code).toBe('folder-in-use');
  expect(existsSync(join(at, 'lock'))).toBe(!taken);
});
